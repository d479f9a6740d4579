/* The multiple-choice knapsack: against all choices, tried one by one. */
#include "test.h"

#include "measure/frontier.h"

enum { N_PARTS = 6, N_KINDS = 4, N_CHOICES = 4096 };

static uint64_t drawn = 7;

static uint32_t draw(uint32_t n) {
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(drawn >> 33) % n;
}

typedef struct sums {
    uint64_t bytes;
    double cost;
} sums;

static sums sums_of(const ewi_kind *kinds, const uint8_t *choice) {
    sums s = {0, 0};
    for (size_t i = 0; i < N_PARTS; i++) {
        s.bytes += kinds[i * N_KINDS + choice[i]].bytes;
        s.cost += kinds[i * N_KINDS + choice[i]].cost;
    }
    return s;
}

/* The least cost within so many bytes; -1: nothing fits. */
static double least_cost(const ewi_kind *kinds, uint64_t bytes) {
    double least = -1;
    for (size_t n = 0; n < N_CHOICES; n++) {
        uint8_t choice[N_PARTS];
        for (size_t i = 0; i < N_PARTS; i++) choice[i] = (uint8_t)(n >> (2 * i) & 3);
        sums s = sums_of(kinds, choice);
        if (s.bytes <= bytes && (least < 0 || s.cost < least)) least = s.cost;
    }
    return least;
}

static void draw_kinds(ewi_kind *kinds, uint32_t most) {
    for (size_t i = 0; i < N_PARTS * N_KINDS; i++) kinds[i] = (ewi_kind){1 + draw(most), draw(1000) / 64.0};
}

static void all_choices(void **state) {
    (void)state;
    ewi_kind kinds[N_PARTS * N_KINDS];
    for (size_t round = 0; round < 20; round++) {
        ewi_frontier *f;
        draw_kinds(kinds, 5000);
        assert_int_equal(ewi_frontier_new(kinds, N_PARTS, N_KINDS, &f, NULL), EW_OK);
        assert_true(least_cost(kinds, ewi_frontier_least_bytes(f)) >= 0);
        assert_true(least_cost(kinds, ewi_frontier_least_bytes(f) - 1) < 0);
        for (uint64_t bytes = ewi_frontier_least_bytes(f); bytes < 40000; bytes += 1777) {
            uint8_t choice[N_PARTS];
            ewi_frontier_get(f, ewi_frontier_within(f, bytes), choice);
            sums s = sums_of(kinds, choice);
            assert_true(s.bytes <= bytes);
            assert_true(s.cost == least_cost(kinds, bytes));
        }
        ewi_frontier_free(f);
    }
}

/* Units are larger than a byte: never more bytes than asked for, and no worse than with a little less. */
static void large(void **state) {
    (void)state;
    ewi_kind kinds[N_PARTS * N_KINDS];
    ewi_frontier *f;
    draw_kinds(kinds, 100000000);
    assert_int_equal(ewi_frontier_new(kinds, N_PARTS, N_KINDS, &f, NULL), EW_OK);
    const uint64_t least = ewi_frontier_least_bytes(f), slack = 6 * (600000000 / 65536);
    for (uint64_t bytes = least; bytes < 600000000; bytes += 17000000) {
        uint8_t choice[N_PARTS];
        ewi_frontier_get(f, ewi_frontier_within(f, bytes), choice);
        sums s = sums_of(kinds, choice);
        assert_true(s.bytes <= bytes);
        assert_true(s.cost >= least_cost(kinds, bytes));
        if (bytes > least + slack) assert_true(s.cost <= least_cost(kinds, bytes - slack));
    }
    uint8_t best[N_PARTS];
    ewi_frontier_get(f, ewi_frontier_last(f), best);
    assert_true(sums_of(kinds, best).cost == least_cost(kinds, UINT64_MAX));
    ewi_frontier_free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_choices), cmocka_unit_test(large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
