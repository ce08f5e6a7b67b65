/* test_structure.c - pages whose reading order is plain to see
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tspagestructure.h"

#define WIDTH 1000
#define HEIGHT 1400

/* A page's blocks stand in the order in which they are to be read; the test
 * gives them the other way round. */
static void
check_order (const TsBlock * page, guint n)
{
  g_autofree TsBlock *blocks = g_new (TsBlock, n);

  for (guint i = 0; i < n; i++)
    blocks[i] = page[n - 1 - i];
  ts_page_structure (blocks, n, WIDTH, HEIGHT);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (blocks[n - 1 - i].order, ==, i + 1);
}

static void
test_no_blocks (void)
{
  ts_page_structure (NULL, 0, WIDTH, HEIGHT);
}

static void
test_heading_two_columns_and_a_wide_figure (void)
{
  const TsBlock page[] = {
    {{100, 50, 900, 100}},
    /* gaps at the same height in both columns */
    {{100, 120, 480, 300}}, {{100, 320, 480, 600}},
    {{520, 120, 900, 300}}, {{520, 320, 900, 590}},
    {{150, 620, 850, 800}, TS_ROLE_FIGURE},
    {{300, 810, 700, 830}, TS_ROLE_FIGURE_CAPTION},
    {{100, 850, 480, 1300}},
    {{520, 850, 900, 1000}}, {{520, 1010, 900, 1300}},
  };

  check_order (page, G_N_ELEMENTS (page));
}

static void
test_three_columns (void)
{
  const TsBlock page[] = {
    {{50, 100, 330, 700}}, {{50, 710, 330, 1300}},
    {{360, 100, 640, 400}}, {{360, 420, 640, 1300}},
    {{670, 100, 950, 1300}},
  };

  check_order (page, G_N_ELEMENTS (page));
}

/* Nothing stands beside the heading, so that the gap at its left is no gutter. */
static void
test_centred_heading_is_no_column (void)
{
  const TsBlock page[] = {
    {{450, 100, 550, 120}}, {{100, 150, 300, 170}}, {{100, 200, 900, 400}},
  };

  check_order (page, G_N_ELEMENTS (page));
}

static void
test_boxes_that_overlap_a_little (void)
{
  const TsBlock page[] = {
    {{100, 100, 503, 304}}, {{99, 300, 502, 600}},
    {{499, 101, 900, 300}}, {{498, 297, 901, 601}},
  };

  check_order (page, G_N_ELEMENTS (page));
}

static void
test_furniture_is_not_read (void)
{
  TsBlock page[] = {
    {{100, 20, 900, 40}, TS_ROLE_FURNITURE}, {{100, 100, 900, 200}},
  };

  ts_page_structure (page, 2, WIDTH, HEIGHT);
  g_assert_cmpuint (page[0].order, ==, 0);
  g_assert_cmpuint (page[1].order, ==, 1);
}

static void
check_link (const TsBlock * block, TsRelation relation, guint related)
{
  g_assert_cmpint (block->relation, ==, relation);
  g_assert_cmpuint (block->related, ==, related);
}

/* Two stacked figures, and captions as near to the wrong one. */
static void
test_each_figure_has_its_caption (void)
{
  TsBlock page[] = {
    {{100, 100, 900, 300}, TS_ROLE_FIGURE},
    {{100, 310, 900, 330}, TS_ROLE_FIGURE_CAPTION},
    {{100, 340, 900, 600}, TS_ROLE_FIGURE},
    {{100, 610, 900, 630}, TS_ROLE_FIGURE_CAPTION},
  };

  ts_page_structure (page, 4, WIDTH, HEIGHT);
  check_link (&page[1], TS_RELATION_CAPTION_OF, 0);
  check_link (&page[3], TS_RELATION_CAPTION_OF, 2);
}

static void
test_stacked_tables_have_captions_above (void)
{
  TsBlock page[] = {
    {{100, 100, 900, 120}, TS_ROLE_TABLE_CAPTION},
    {{100, 130, 900, 300}, TS_ROLE_TABLE},
    {{100, 310, 900, 330}, TS_ROLE_TABLE_CAPTION},
    {{100, 340, 900, 600}, TS_ROLE_TABLE},
    {{100, 605, 900, 620}, TS_ROLE_TABLE_FOOTNOTE},
    {{100, 625, 900, 640}, TS_ROLE_TABLE_FOOTNOTE},
  };

  ts_page_structure (page, 6, WIDTH, HEIGHT);
  check_link (&page[0], TS_RELATION_CAPTION_OF, 1);
  check_link (&page[2], TS_RELATION_CAPTION_OF, 3);
  check_link (&page[4], TS_RELATION_FOOTNOTE_OF, 3);
  check_link (&page[5], TS_RELATION_FOOTNOTE_OF, 3);
}

static void
test_figures_side_by_side (void)
{
  TsBlock page[] = {
    {{100, 100, 480, 300}, TS_ROLE_FIGURE},
    {{520, 100, 900, 300}, TS_ROLE_FIGURE},
    {{520, 310, 900, 330}, TS_ROLE_CAPTION},
    {{100, 310, 480, 330}, TS_ROLE_CAPTION},
  };

  ts_page_structure (page, 4, WIDTH, HEIGHT);
  check_link (&page[2], TS_RELATION_CAPTION_OF, 1);
  check_link (&page[3], TS_RELATION_CAPTION_OF, 0);
  g_assert_cmpuint (page[3].order, ==, 2);
  g_assert_cmpuint (page[1].order, ==, 3);
}

static void
test_a_far_caption_belongs_to_nothing (void)
{
  TsBlock page[] = {
    {{100, 100, 900, 300}, TS_ROLE_FIGURE},
    {{100, 1000, 900, 1020}, TS_ROLE_FIGURE_CAPTION},
    {{100, 1100, 900, 1120}, TS_ROLE_TABLE_CAPTION},
  };

  ts_page_structure (page, 3, WIDTH, HEIGHT);
  g_assert_cmpint (page[1].relation, ==, TS_RELATION_NONE);
  g_assert_cmpint (page[2].relation, ==, TS_RELATION_NONE);
  g_assert_cmpuint (page[2].order, ==, 3);
}

/* Lines so close that the boxes overlap. */
static void
test_numbers_of_close_formulas (void)
{
  TsBlock page[] = {
    {{400, 100, 600, 130}, TS_ROLE_FORMULA},
    {{860, 105, 900, 125}, TS_ROLE_FORMULA_NUMBER},
    {{400, 125, 600, 155}, TS_ROLE_FORMULA},
    {{860, 130, 900, 150}, TS_ROLE_FORMULA_NUMBER},
  };

  ts_page_structure (page, 4, WIDTH, HEIGHT);
  check_link (&page[1], TS_RELATION_NUMBER_OF, 0);
  check_link (&page[3], TS_RELATION_NUMBER_OF, 2);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpuint (page[i].order, ==, i + 1);
}

static void
test_things_found_twice (void)
{
  TsBlock page[] = {
    {{101, 101, 900, 300}, TS_ROLE_FIGURE},
    {{100, 310, 900, 330}, TS_ROLE_FIGURE_CAPTION},
    {{100, 100, 899, 298}, TS_ROLE_FIGURE},
    {{100, 311, 901, 330}, TS_ROLE_FIGURE_CAPTION},
    {{100, 340, 900, 400}},
  };

  ts_page_structure (page, 5, WIDTH, HEIGHT);
  check_link (&page[1], TS_RELATION_CAPTION_OF, 0);
  check_link (&page[3], TS_RELATION_CAPTION_OF, 0);
  g_assert_cmpuint (page[0].order, ==, 1);
  g_assert_cmpuint (page[2].order, ==, 1);
  g_assert_cmpuint (page[1].order, ==, 2);
  g_assert_cmpuint (page[3].order, ==, 2);
  g_assert_cmpuint (page[4].order, ==, 3);
}

static void
test_labels (void)
{
  TsRole role;

  g_assert_cmpint (ts_role_from_label ("Page-header"), ==, TS_ROLE_FURNITURE);
  g_assert_cmpint (ts_role_from_label ("isolate_formula"), ==, TS_ROLE_FORMULA);
  g_assert_cmpint (ts_role_from_label ("TABLE"), ==, TS_ROLE_TABLE);
  g_assert_cmpint (ts_role_from_label ("plain text"), ==, TS_ROLE_TEXT);
  g_assert_cmpint (ts_role_from_label (NULL), ==, TS_ROLE_TEXT);
  g_assert_true (ts_role_from_name ("formula-number", &role));
  g_assert_cmpint (role, ==, TS_ROLE_FORMULA_NUMBER);
  g_assert_false (ts_role_from_name ("title", &role));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/structure/no-blocks", test_no_blocks);
  g_test_add_func ("/structure/columns-and-wide-figure",
      test_heading_two_columns_and_a_wide_figure);
  g_test_add_func ("/structure/three-columns", test_three_columns);
  g_test_add_func ("/structure/centred-heading",
      test_centred_heading_is_no_column);
  g_test_add_func ("/structure/overlap", test_boxes_that_overlap_a_little);
  g_test_add_func ("/structure/furniture", test_furniture_is_not_read);
  g_test_add_func ("/structure/captions", test_each_figure_has_its_caption);
  g_test_add_func ("/structure/tables",
      test_stacked_tables_have_captions_above);
  g_test_add_func ("/structure/side-by-side", test_figures_side_by_side);
  g_test_add_func ("/structure/far-caption",
      test_a_far_caption_belongs_to_nothing);
  g_test_add_func ("/structure/formulas", test_numbers_of_close_formulas);
  g_test_add_func ("/structure/twice", test_things_found_twice);
  g_test_add_func ("/structure/labels", test_labels);
  return g_test_run ();
}
