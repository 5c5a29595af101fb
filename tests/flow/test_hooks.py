"""Deployment systems tell of changes: signed webhooks, a real Ansible, Argo CD's template."""
import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from flow import BIN, PATIENCE, FlowTest, rfc3339, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "..", "..", "docs")

PLAYBOOK = """- name: restart pay
  hosts: all
  gather_facts: false
  serial: 2
  vars: {aftercheck_service: pay, aftercheck_kind: batch-restart}
  tasks:
    - command: "true"
"""


def github(no, state, at):
    return {"action": "created",
            "deployment": {"id": no, "sha": "f95f852b", "ref": "main", "task": "deploy",
                           "environment": "production", "creator": {"login": "li"},
                           "created_at": rfc3339(at)},
            "deployment_status": {"id": no * 10 + len(state), "state": state,
                                  "creator": {"login": "li"}, "created_at": rfc3339(at)},
            "repository": {"name": "pay", "full_name": "shop/pay"}}


class Hooks(FlowTest):
    def secret(self, text, name="secret"):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text + "\n")
        os.chmod(path, 0o600)
        return path

    def send(self, s, body, secret):
        body = json.dumps(body)
        sum = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
        return s.post("/v1/changes/github", body,
                      {"X-GitHub-Event": "deployment_status", "X-GitHub-Delivery": "72d3162e",
                       "X-Hub-Signature-256": "sha256=" + sum})

    def test_a_deployment_of_github_begins_and_ends_a_change(self):
        path = self.secret("one")
        s = self.service("webhooks:\n  github:\n    secret_file: %s\n    services: {shop/*: till}\n"
                         % path).start()
        at = time.time() - 60
        self.assertEqual(self.send(s, github(7, "in_progress", at), "one")[0], 202)
        self.assertEqual(self.send(s, github(7, "success", at + 30), "one")[0], 202)
        self.assertEqual(self.send(s, github(7, "success", at + 30), "one")[0], 200)
        self.assertEqual(self.send(s, github(7, "failure", at + 30), "two")[0], 401)
        change = s.json("/v1/changes/github-7")[1]["change"]
        self.assertEqual(change["service"], "till")
        self.assertEqual(change["state"], "finished")
        self.assertIn('"outcome":"success"', json.dumps(change).replace(" ", ""))
        # a secret is exchanged without a restart
        self.secret("two")
        s.process.send_signal(signal.SIGHUP)
        wait_for("the new secret", lambda: self.send(s, github(8, "success", at), "two")[0] == 202)
        self.assertEqual(self.send(s, github(9, "success", at), "one")[0], 401)

    def test_mistakes_in_the_settings_are_told_with_their_place(self):
        s = self.service("webhooks:\n  github:\n    secret_file: /nowhere\n"
                         "    kinds: {deploy: reboot}\n  gitlub: {}\n")
        run = subprocess.run([os.path.join(BIN, "aftercheckd"),
                              "--check-config", "--config", s.config], stderr=subprocess.PIPE,
                             text=True)
        self.assertEqual(run.returncode, 1)
        for words in ("5:18: error[secret]", "6:21: error", "expected one of release", "did you mean"):
            self.assertIn(words, run.stderr)

    def test_a_play_of_ansible_is_a_change_batch_by_batch(self):
        if not shutil.which("ansible-playbook"):
            self.skipTest("Debian's package ansible-core is missing")
        s = self.service().start()
        plugins = os.path.join(self.folder, "callback_plugins")
        os.mkdir(plugins)
        shutil.copy(os.path.join(DOCS, "ansible", "aftercheck.py"), plugins)
        book = os.path.join(self.folder, "restart.yml")
        with open(book, "w") as f:
            f.write(PLAYBOOK)
        env = dict(os.environ, AFTERCHECK_URL="http://127.0.0.1:%d" % s.port,
                   ANSIBLE_CALLBACKS_ENABLED="aftercheck", HOME=self.folder, LC_ALL="C.UTF-8",
                   ANSIBLE_LOCAL_TEMP=self.folder, ANSIBLE_REMOTE_TEMP=self.folder)
        run = subprocess.run(["ansible-playbook", "-i", "h1,h2,h3,", "-c", "local", book],
                             cwd=self.folder, env=env, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=PATIENCE * 2)
        self.assertEqual(run.returncode, 0, run.stdout)
        changes = s.json("/v1/changes")[1]
        self.assertEqual(len(changes), 1, run.stdout)
        change = s.json("/v1/changes/" + changes[0]["change_id"])[1]["change"]
        self.assertEqual(change["service"], "pay")
        self.assertEqual(change["kind"], "batch-restart")
        self.assertEqual(change["state"], "finished")
        self.assertEqual([h["name"] for h in change["hosts"]], ["h1", "h2", "h3"])
        self.assertEqual([h["batch"] for h in change["hosts"]], [1, 1, 2])

    def test_the_template_for_argo_cd_is_read(self):
        if not shutil.which("go"):
            self.skipTest("the Go compiler is missing; it fills Argo CD's template")
        s = self.service().start()
        now = time.time()
        state = {"phase": "Running", "startedAt": rfc3339(now - 60), "operation":
                 {"sync": {"revision": "new1"}, "initiatedBy": {"username": "li"}}}
        app = {"metadata": {"name": "pay"}, "spec": {"project": "shop", "destination": {}},
               "status": {"operationState": state}}
        status, text = s.post("/v1/changes/argocd", self.filled(app))
        self.assertEqual(status, 202, text)
        state.update(phase="Succeeded", message='all "fine"', finishedAt=rfc3339(now - 10),
                     syncResult={"revision": "new1"})
        app["status"]["history"] = [
            {"revision": "old", "deployStartedAt": rfc3339(now - 4000)},
            {"revision": "new1", "deployStartedAt": state["startedAt"]}]
        status, text = s.post("/v1/changes/argocd", self.filled(app))
        self.assertEqual(status, 202, text)
        change = s.json("/v1/changes/" + json.loads(text)["change_id"])[1]["change"]
        self.assertEqual(change["state"], "finished")
        self.assertEqual(change["artifact"], {"from": "old", "to": "new1"})
        self.assertEqual(change["actor"], "li")

    def filled(self, app):
        with open(os.path.join(DOCS, "argocd-notifications.yaml")) as f:
            lines = f.read().split("        body: |\n")[1].split("  trigger.on-aftercheck")[0]
        body = "\n".join(line[10:] for line in lines.split("\n"))
        env = dict(os.environ, GO111MODULE="off")
        run = subprocess.run(["go", "run", os.path.join(HERE, "argocd_template.go"), body],
                             input=json.dumps({"app": app, "context": {"argocdUrl": "https://a"}}),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout


if __name__ == "__main__":
    unittest.main()
