# A callback plugin for Ansible: every play becomes a change of aftercheck.
#
# Put it into callback_plugins/ beside the playbook (or anywhere in callback_plugins of
# ansible.cfg), and switch it on: callbacks_enabled = aftercheck.  It only tells; a
# service that does not answer never fails a play.
"""Posts started, batch_finished and finished of each play to aftercheck."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = """
    name: aftercheck
    type: notification
    short_description: makes a change of each play
    description:
      - Posts a play's start, the end of each of its batches (serial) and its end to aftercheck.
      - The service is the play's variable aftercheck_service, else the play's name; the kind is
        aftercheck_kind, else other; aftercheck_parent is the change that a rollback takes back.
      - A play with the variable aftercheck_ignore, and every play run with --check, is left out.
    options:
      url:
        description: where aftercheck listens
        default: http://127.0.0.1:8190
        env: [{name: AFTERCHECK_URL}]
        ini: [{section: callback_aftercheck, key: url}]
      timeout:
        description: seconds to wait for an answer
        default: 5
        type: int
        env: [{name: AFTERCHECK_TIMEOUT}]
        ini: [{section: callback_aftercheck, key: timeout}]
"""

import getpass
import json
import os
import time
import uuid

from ansible import context
from ansible.module_utils.urls import open_url
from ansible.plugins.callback import CallbackBase


def now():
    t = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + ".%03dZ" % (t % 1 * 1000)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "aftercheck"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super(CallbackModule, self).__init__(*args, **kwargs)
        self.playbook = "playbook"
        self.change = None  # of the play that runs
        self.play = None    # which one that is; each batch of it comes as a play of its own
        self.hosts, self.bad, self.batch = [], set(), 0

    def post(self, phase, **more):
        event = dict(self.change, id="%s-%s" % (self.change["change_id"], phase), phase=phase,
                     time=now(), **more)
        if phase == "batch_finished":
            event["id"] += "-%d" % self.batch
        try:
            open_url(self.get_option("url").rstrip("/") + "/v1/changes", method="POST",
                     data=json.dumps(event), headers={"Content-Type": "application/json"},
                     timeout=self.get_option("timeout"))
        except Exception as e:  # whatever it is, the play goes on
            self._display.warning("aftercheck was not told of %s: %s" % (event["id"], e))

    def end_batch(self):
        if self.change is not None and self.hosts:
            self.batch += 1
            self.post("batch_finished", hosts=sorted(self.hosts), batch={"no": self.batch},
                      outcome="failure" if self.bad & set(self.hosts) else "success")
        self.hosts = []

    def end_play(self):
        if self.change is not None:
            self.end_batch()
            self.post("finished", outcome="failure" if self.bad else "success",
                      failed_hosts=sorted(self.bad))
        self.change = None

    def v2_playbook_on_start(self, playbook):
        self.playbook = os.path.basename(getattr(playbook, "_file_name", None) or "playbook")

    def v2_playbook_on_play_start(self, play):
        if self.change is not None and self.play == play._uuid:
            self.end_batch()
        else:
            self.end_play()
            self.begin(play)
        manager = play.get_variable_manager()
        self.hosts = [h.get_name() for h in manager._inventory.get_hosts(play.hosts)]

    def begin(self, play):
        known = play.get_variable_manager().get_vars(play=play)
        self.play, self.bad, self.batch = play._uuid, set(), 0
        if known.get("aftercheck_ignore") or context.CLIARGS.get("check"):
            self.change = None
            return
        name = play.get_name().strip()
        self.change = {"source": "ansible/" + self.playbook,
                       "change_id": "ansible-" + uuid.uuid4().hex[:16],
                       "kind": known.get("aftercheck_kind", "other"),
                       "service": str(known.get("aftercheck_service", name)),
                       "title": "%s: %s" % (self.playbook, name), "actor": getpass.getuser()}
        if known.get("aftercheck_parent"):
            self.change["parent_id"] = str(known["aftercheck_parent"])
        self._display.v("aftercheck: this play is change " + self.change["change_id"])
        self.post("started")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            self.bad.add(result._host.get_name())

    def v2_runner_on_unreachable(self, result):
        self.bad.add(result._host.get_name())

    def v2_playbook_on_stats(self, stats):
        self.end_play()
