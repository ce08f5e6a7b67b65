/* gstpagestructure.c - element that finds reading order and captions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-pagestructure
 * @title: pagestructure
 * @short_description: reading order and captions of a page's blocks
 *
 * Takes the boxes that a layout model found on a page, as
 * #GstTorchscriptDetectionMeta, and adds to each its place in the reading order
 * (columns are recognised), and to captions, table notes and formula numbers what
 * they belong to. Only boxes and class names are looked at, no pixels, so that
 * replayed detections serve as well. What a second model has found in a detection
 * is no block of the page, and is left as it is.
 *
 * Class names of DocLayout-YOLO, DocLayNet and PubLayNet are known;
 * #GstPageStructure:roles names others.
 *
 * ## Example
 * |[
 * gst-launch-1.0 -q filesrc location=page.png ! pngdec ! torchscriptinfer model=doclayout.mlpkg ! pagestructure ! detectionjson location=- ! fakesink
 * ]|
 *
 * Since: 0.1
 */
#include "gstpagestructure.h"

#include <string.h>

#include "torchscript.h"
#include "tspagestructure.h"

GST_DEBUG_CATEGORY_STATIC (page_structure_debug);
#define GST_CAT_DEFAULT page_structure_debug

/* The installed library knows nothing of the core, but the numbers agree. */
G_STATIC_ASSERT ((gint) TS_RELATION_CAPTION_OF ==
    (gint) GST_TORCHSCRIPT_RELATION_CAPTION_OF);
G_STATIC_ASSERT ((gint) TS_RELATION_FOOTNOTE_OF ==
    (gint) GST_TORCHSCRIPT_RELATION_FOOTNOTE_OF);
G_STATIC_ASSERT ((gint) TS_RELATION_NUMBER_OF ==
    (gint) GST_TORCHSCRIPT_RELATION_NUMBER_OF);

enum
{
  PROP_0,
  PROP_ROLES
};

struct _GstPageStructure
{
  GstBaseTransform parent;

  gchar *roles;                 /* object lock */

  GHashTable *role_of;          /* label to TsRole; from start to stop */
};

G_DEFINE_TYPE (GstPageStructure, gst_page_structure, GST_TYPE_BASE_TRANSFORM);
GST_ELEMENT_REGISTER_DEFINE (pagestructure, "pagestructure", GST_RANK_NONE,
    GST_TYPE_PAGE_STRUCTURE);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

/* Adds "label=role". */
static gboolean
add_role (GHashTable * role_of, const gchar * pair)
{
  const gchar *equals = strrchr (pair, '=');
  g_autofree gchar *name = NULL;
  TsRole role;

  if (equals == NULL)
    return FALSE;
  name = g_strstrip (g_strdup (equals + 1));
  if (!ts_role_from_name (name, &role))
    return FALSE;
  g_hash_table_insert (role_of, g_strstrip (g_strndup (pair, equals - pair)),
      GUINT_TO_POINTER (role));
  return TRUE;
}

static gboolean
gst_page_structure_start (GstBaseTransform * trans)
{
  GstPageStructure *self = GST_PAGE_STRUCTURE (trans);
  g_autoptr (GHashTable) role_of = g_hash_table_new_full (g_str_hash,
      g_str_equal, g_free, NULL);
  g_auto (GStrv) pairs = NULL;

  GST_OBJECT_LOCK (self);
  pairs = g_strsplit (self->roles != NULL ? self->roles : "", ",", -1);
  GST_OBJECT_UNLOCK (self);

  for (guint i = 0; pairs[i] != NULL; i++) {
    if (!add_role (role_of, pairs[i])) {
      GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
          ("The roles property has \"%s\" where LABEL=ROLE was expected; the "
              "roles are " TS_ROLE_NAMES ".", pairs[i]), (NULL));
      return FALSE;
    }
  }
  self->role_of = g_steal_pointer (&role_of);
  return TRUE;
}

static gboolean
gst_page_structure_stop (GstBaseTransform * trans)
{
  g_clear_pointer (&GST_PAGE_STRUCTURE (trans)->role_of, g_hash_table_unref);
  return TRUE;
}

static TsRole
role_of_label (GstPageStructure * self, const gchar * label)
{
  gpointer role;

  if (label != NULL
      && g_hash_table_lookup_extended (self->role_of, label, NULL, &role))
    return GPOINTER_TO_UINT (role);
  return ts_role_from_label (label);
}

/* @ids are those of all blocks. */
static void
set_structure (GstTorchscriptDetection * d, const TsBlock * block,
    const guint * ids)
{
  d->parent_id = 0;
  d->order = block->order;
  d->relation = (GstTorchscriptRelation) block->relation;
  if (block->relation != TS_RELATION_NONE)
    d->parent_id = ids[block->related];
}

static GArray *
find_structure (GstPageStructure * self,
    const GstTorchscriptDetectionMeta * meta)
{
  guint n = gst_torchscript_detection_meta_get_n_detections (meta);
  GArray *found = g_array_sized_new (FALSE, FALSE,
      sizeof (GstTorchscriptDetection), n);
  g_autofree TsBlock *blocks = g_new0 (TsBlock, n);
  g_autofree guint *ids = g_new (guint, n);
  guint n_blocks = 0, k = 0;

  for (guint i = 0; i < n; i++) {
    const GstTorchscriptDetection *d =
        gst_torchscript_detection_meta_get_detection (meta, i);

    g_array_append_vals (found, d, 1);
    if (gst_torchscript_detection_is_part (d))
      continue;
    ids[n_blocks] = d->id;
    blocks[n_blocks++] = (TsBlock) {
      {
      d->x1, d->y1, d->x2, d->y2}
      , role_of_label (self, d->label)
    };
  }
  ts_page_structure (blocks, n_blocks, meta->frame_width, meta->frame_height);
  for (guint i = 0; i < n; i++) {
    GstTorchscriptDetection *d =
        &g_array_index (found, GstTorchscriptDetection, i);

    if (!gst_torchscript_detection_is_part (d))
      set_structure (d, &blocks[k++], ids);
  }
  return found;
}

/* Metas never change, since copies of the buffer share what they hold; a new
 * one takes the place of the old one. */
static void
replace_meta (GstPageStructure * self, GstBuffer * buffer,
    GstTorchscriptDetectionMeta * meta)
{
  g_autoptr (GArray) found = find_structure (self, meta);
  GstTorchscriptDetectionMeta *added =
      gst_buffer_add_torchscript_detection_meta (buffer, meta->model_name,
      meta->frame_width, meta->frame_height, meta->result_number,
      (const GstTorchscriptDetection *) found->data, found->len);

  added->model_number = meta->model_number;
  added->age = meta->age;
  gst_buffer_remove_meta (buffer, &meta->meta);
}

static GstFlowReturn
gst_page_structure_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstPageStructure *self = GST_PAGE_STRUCTURE (trans);
  g_autoptr (GPtrArray) metas = g_ptr_array_new ();
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_DETECTION_META_API_TYPE)) != NULL)
    g_ptr_array_add (metas, meta);
  for (guint i = 0; i < metas->len; i++)
    replace_meta (self, buffer, metas->pdata[i]);
  return GST_FLOW_OK;
}

/* Only the metas are written to: the same memory serves. */
static GstFlowReturn
gst_page_structure_prepare_output_buffer (GstBaseTransform * trans,
    GstBuffer * input, GstBuffer ** output)
{
  *output = gst_buffer_is_writable (input) ? input : gst_buffer_copy (input);
  return GST_FLOW_OK;
}

static void
gst_page_structure_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstPageStructure *self = GST_PAGE_STRUCTURE (object);

  switch (id) {
    case PROP_ROLES:
      GST_OBJECT_LOCK (self);
      g_free (self->roles);
      self->roles = g_value_dup_string (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_page_structure_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstPageStructure *self = GST_PAGE_STRUCTURE (object);

  switch (id) {
    case PROP_ROLES:
      GST_OBJECT_LOCK (self);
      g_value_set_string (value, self->roles);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_page_structure_finalize (GObject * object)
{
  g_free (GST_PAGE_STRUCTURE (object)->roles);
  G_OBJECT_CLASS (gst_page_structure_parent_class)->finalize (object);
}

static void
gst_page_structure_class_init (GstPageStructureClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (page_structure_debug, "pagestructure", 0,
      "reading order and captions");

  object_class->set_property = gst_page_structure_set_property;
  object_class->get_property = gst_page_structure_get_property;
  object_class->finalize = gst_page_structure_finalize;
  g_object_class_install_property (object_class, PROP_ROLES,
      g_param_spec_string ("roles", "Roles",
          "What classes are on a page, as LABEL=ROLE pairs separated by commas; "
          "the roles are " TS_ROLE_NAMES "; unset: by well-known class names",
          NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_READY));

  gst_element_class_set_static_metadata (element_class, "Page structure",
      "Filter/Analyzer/Video",
      "Finds reading order, captions and formula numbers among detected blocks",
      "The gst-torchscript developers");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->start = gst_page_structure_start;
  trans_class->stop = gst_page_structure_stop;
  trans_class->prepare_output_buffer = gst_page_structure_prepare_output_buffer;
  trans_class->transform_ip = gst_page_structure_transform_ip;
}

static void
gst_page_structure_init (GstPageStructure * self)
{
}
