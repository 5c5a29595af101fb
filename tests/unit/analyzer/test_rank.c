/* tests of analyzer/rank: the order */
#include "analyzer/rank.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

TEST(findings_are_ranked_by_grade_then_weight)
{
    struct verdict *v = verdict_new("c");
    static const struct {
        enum grade grade;
        double weight, effect;
    } in[] = {{GRADE_OK, 9, 1},          {GRADE_ATTENTION, 1, 1},
              {GRADE_MUST_HANDLE, 1, 1}, {GRADE_ATTENTION, 5, 1},
              {GRADE_ATTENTION, 5, 9},   {GRADE_MUST_HANDLE, 2, NAN}};
    for (size_t i = 0; i < 6; i++) {
        struct finding *f = verdict_add(v);
        f->grade = in[i].grade;
        f->weight = in[i].weight;
        f->effect = in[i].effect;
    }
    rank_findings(v);
    static const double want[] = {2, 1, 5, 5, 1, 9};
    for (size_t i = 0; i < 6; i++)
        CHECK_NEAR(v->findings[i].weight, want[i], 0);
    CHECK_NEAR(v->findings[2].effect, 9, 0);
    verdict_free(&v);
}

TEST(muted_findings_stand_between_bad_ones_and_those_that_are_ok)
{
    OWNED_VERDICT *v = verdict_new("c");
    static const enum grade in[] = {GRADE_OK, GRADE_MUST_HANDLE, GRADE_ATTENTION,
                                    GRADE_MUST_HANDLE, GRADE_ATTENTION};
    for (size_t i = 0; i < 5; i++) {
        struct finding *f = verdict_add(v);
        f->grade = in[i];
        f->muted.id = i == 1 || i == 4 ? strdup("m1") : NULL;
    }
    rank_findings(v);
    static const enum grade want[] = {GRADE_MUST_HANDLE, GRADE_ATTENTION,
                                      GRADE_MUST_HANDLE, GRADE_ATTENTION, GRADE_OK};
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(v->findings[i].grade, want[i]);
        CHECK_INT(finding_is_muted(&v->findings[i]), i == 2 || i == 3);
    }
}
