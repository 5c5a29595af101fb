#include "programs/deliver.h"

#include "tests/test.h"

TEST(a_wrong_request_is_refused_for_good_and_a_busy_service_is_not)
{
    static const unsigned refused[] = {400, 404, 409, 413, 415, 422};
    static const unsigned later[] = {0,   204, 301, 401, 403, 407,
                                     408, 425, 429, 500, 502, 503};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK(deliver_is_refusal(refused[i]));
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        CHECK(!deliver_is_refusal(later[i]));
}
