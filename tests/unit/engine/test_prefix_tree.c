/* test_prefix_tree.c: of thousands of nodes, of which many share a slot of the table, each is found by its
 * own tokens and no others; what goes is what was used longest ago, and ends first. */
#include "engine/prefix_tree.h"
#include "expect.h"

#define N_NODES 3000

static void fill(ew_token *tokens, int number) {
    for (int i = 0; i < 64; i++) tokens[i] = i == 40 ? number : i;
}

static ewi_prefix_node *add(ewi_prefix_tree *tree, ewi_prefix_node *parent, int number, uint32_t n) {
    ew_token tokens[64];
    ewi_block *block = ewi_block_new(8);
    assert_non_null(block);
    fill(tokens, number);
    ewi_prefix_node *node = ewi_prefix_tree_add(tree, parent, tokens, n, block);
    assert_non_null(node);
    ewi_block_unref(block);
    return node;
}

static ewi_prefix_node *find(const ewi_prefix_tree *tree, const ewi_prefix_node *parent, int number) {
    ew_token tokens[64];
    fill(tokens, number);
    return ewi_prefix_tree_find(tree, parent, tokens);
}

static ewi_prefix_node *root_of(ewi_prefix_tree *tree, const char *key) {
    ewi_prefix_node *root = ewi_prefix_tree_root(tree, (ewi_bytes){(const uint8_t *)key, strlen(key)});
    assert_non_null(root);
    return root;
}

static void many(void **state) {
    (void)state;
    ewi_prefix_tree tree;
    ewi_prefix_tree_init(&tree);
    ewi_prefix_node *a = root_of(&tree, "a"), *b = root_of(&tree, "b");
    static ewi_prefix_node *nodes[N_NODES];
    assert_null(find(&tree, a, 0));
    for (int i = 0; i < N_NODES; i++) nodes[i] = add(&tree, i % 3 ? a : b, i, 64);
    assert_int_equal(tree.n_nodes, N_NODES);
    for (int i = 0; i < N_NODES; i++) {
        assert_ptr_equal(find(&tree, i % 3 ? a : b, i), nodes[i]);
        assert_null(find(&tree, i % 3 ? b : a, i));
        assert_null(find(&tree, nodes[i], i));
        assert_null(find(&tree, a, i + N_NODES));
    }
    for (int i = 0; i < N_NODES; i += 2) ewi_prefix_tree_remove(&tree, nodes[i]);
    for (int i = 0; i < N_NODES; i++)
        assert_ptr_equal(find(&tree, i % 3 ? a : b, i), i % 2 ? nodes[i] : NULL);
    assert_ptr_equal(root_of(&tree, "a"), a);
    assert_ptr_equal(root_of(&tree, "b"), b);
    ewi_prefix_tree_deinit(&tree);
}

static void parts(void **state) {
    (void)state;
    ewi_prefix_tree tree;
    ewi_prefix_tree_init(&tree);
    ewi_prefix_node *root = root_of(&tree, "");
    ew_token tokens[64];
    size_t n_same;
    ewi_prefix_node *whole = add(&tree, root, 7, 64), *part = add(&tree, root, 8, 50);
    fill(tokens, 8);
    assert_ptr_equal(ewi_prefix_tree_find_part(root, tokens, 64, &n_same), part);
    assert_int_equal(n_same, 50);
    fill(tokens, 7);
    assert_ptr_equal(ewi_prefix_tree_find_part(root, tokens, 60, &n_same), whole);
    assert_int_equal(n_same, 60);
    fill(tokens, 9);
    assert_non_null(ewi_prefix_tree_find_part(root, tokens, 64, &n_same));
    assert_int_equal(n_same, 40);
    tokens[0] = 5;
    assert_null(ewi_prefix_tree_find_part(root, tokens, 64, &n_same));
    assert_int_equal(n_same, 0);
    add(&tree, root, 8, 60); /* the shorter one goes */
    assert_int_equal(tree.n_nodes, 2);
    add(&tree, root, 8, 64);
    assert_int_equal(tree.n_nodes, 2);
    ewi_prefix_tree_deinit(&tree);
}

/* a - b - c and a - d: whatever is touched, a stays longest. */
static void oldest_ends_first(void **state) {
    (void)state;
    ewi_prefix_tree tree;
    ewi_prefix_tree_init(&tree);
    ewi_prefix_node *root = root_of(&tree, ""), *a = add(&tree, root, 1, 64), *b = add(&tree, a, 2, 64),
                    *c = add(&tree, b, 3, 64), *d = add(&tree, a, 4, 64);
    ewi_prefix_tree_touch(&tree, d);
    ewi_prefix_tree_touch(&tree, c);
    ewi_block *held = ewi_block_ref(d->block);
    assert_int_equal(ewi_prefix_tree_trim(&tree, 3), 1); /* d is older, but in use */
    assert_null(find(&tree, b, 3));
    assert_int_equal(ewi_prefix_tree_trim(&tree, 0), 1);
    assert_null(find(&tree, a, 2));
    assert_ptr_equal(find(&tree, a, 4), d);
    ewi_block_unref(held);
    assert_int_equal(ewi_prefix_tree_trim(&tree, 1), 1);
    assert_ptr_equal(find(&tree, root, 1), a);
    assert_int_equal(ewi_prefix_tree_trim(&tree, 0), 1);
    assert_null(tree.roots);
    ewi_prefix_tree_deinit(&tree);
}

static void all_below_goes_too(void **state) {
    (void)state;
    ewi_prefix_tree tree;
    ewi_prefix_tree_init(&tree);
    ewi_prefix_node *root = root_of(&tree, ""), *a = add(&tree, root, 1, 64), *b = add(&tree, root, 2, 64),
                    *at = a;
    for (int i = 0; i < 300; i++) {
        add(&tree, at, 1000 + i, 64);
        at = add(&tree, at, i, 64);
    }
    assert_int_equal(tree.n_nodes, 602);
    ewi_prefix_tree_remove(&tree, a);
    assert_int_equal(tree.n_nodes, 1);
    assert_ptr_equal(find(&tree, root, 2), b);
    assert_null(find(&tree, root, 1));
    ewi_prefix_tree_deinit(&tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many),
        cmocka_unit_test(parts),
        cmocka_unit_test(oldest_ends_first),
        cmocka_unit_test(all_below_goes_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
