/* torchscript_shim.h - the only door to libtorch, as a C ABI
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A shim is a shared module with one exported symbol, ts_shim_api().  The
 * plugin opens it when a model is opened, so that neither a plugin scan nor
 * gst-inspect-1.0 needs libtorch.  torchscript_shim.cpp implements the ABI over
 * libtorch, tests/fakeshim/ over a script of canned answers.
 *
 * Rules for every function:
 *  - Handles are opaque.  *_free() accepts NULL.
 *  - A function that can fail returns a TsShimStatus and writes one readable,
 *    NUL-terminated sentence into the caller's error buffer (truncated to fit;
 *    a NULL buffer is allowed).  On failure no out parameter is touched.
 *  - Texts that come out (errors, keys, strings) are UTF-8, whatever is in the file.
 *  - Nothing is thrown across this boundary.
 *  - A module may be run by several threads at once, and different modules may be
 *    used by different threads.  A value belongs to whoever received it.
 */
#ifndef TORCHSCRIPT_SHIM_H
#define TORCHSCRIPT_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TS_SHIM_ABI_VERSION 1u
#define TS_SHIM_MAX_DIMS 8
#define TS_SHIM_SYMBOL "ts_shim_api"

#if defined (__GNUC__)
#define TS_SHIM_MUST_CHECK __attribute__ ((warn_unused_result))
#else
#define TS_SHIM_MUST_CHECK
#endif

typedef enum
{
  TS_SHIM_OK = 0,
  TS_SHIM_ERROR_ARGUMENT,       /* the caller passed something impossible */
  TS_SHIM_ERROR_LOAD,           /* the file is no TorchScript this libtorch reads */
  TS_SHIM_ERROR_DEVICE,         /* the device is unknown or does not work (any more) */
  TS_SHIM_ERROR_METHOD,         /* the module has no such method */
  TS_SHIM_ERROR_FORWARD,        /* the module itself failed while it ran */
  TS_SHIM_ERROR_OUTPUT,         /* it returned a type that has no C form */
  TS_SHIM_ERROR_MEMORY          /* host or device memory is exhausted */
} TsShimStatus;

/* A caller may hand in any number; in C++ only a fixed type can hold it. */
typedef enum
#ifdef __cplusplus
  : int32_t
#endif
{
  TS_SHIM_FLOAT32 = 0,
  TS_SHIM_FLOAT16,
  TS_SHIM_BFLOAT16,
  TS_SHIM_FLOAT64,
  TS_SHIM_UINT8,
  TS_SHIM_INT8,
  TS_SHIM_INT16,
  TS_SHIM_INT32,
  TS_SHIM_INT64,
  TS_SHIM_BOOL
} TsShimDtype;

/* A borrowed, dense, row-major tensor in host memory. */
typedef struct
{
  void *data;
  TsShimDtype dtype;
  int32_t n_dims;                       /* 0 (a scalar) to TS_SHIM_MAX_DIMS */
  int64_t shape[TS_SHIM_MAX_DIMS];      /* in elements, outermost first */
} TsShimTensor;

/* A value for a parameter or buffer; unlike elsewhere its data may be unaligned. */
typedef struct
{
  const char *name;             /* as in the module's state_dict() */
  TsShimTensor tensor;
} TsShimNamedTensor;

typedef enum
{
  TS_SHIM_NONE = 0,
  TS_SHIM_TENSOR,
  TS_SHIM_LIST,                 /* list or tuple */
  TS_SHIM_DICT,                 /* string or integer keys */
  TS_SHIM_INT,                  /* an integer, or a bool as 0 or 1 */
  TS_SHIM_DOUBLE,
  TS_SHIM_STRING
} TsShimKind;

/* A form of a module, which computes the same in another way.  All zero is as
 * the file says. */
typedef struct
{
  int32_t frozen;               /* parameters become constants; all below need it */
  int32_t channels_last;        /* images and weights lie in memory as NHWC */
  int32_t packed;               /* convolutions by oneDNN, weights in its own order */
  int32_t blocked;              /* images between convolutions stay in oneDNN's order */
  int32_t optimized;            /* libtorch's optimize_for_inference() */
  TsShimDtype precision;        /* of convolutions and matrix products; FLOAT32 is as
                                 * the module has it, else FLOAT16 or BFLOAT16 */
  int32_t threads;              /* intra-op threads of the CPU; 0: as at load() */
} TsShimVariant;

/* Where the samples of a colour component lie in a frame. */
typedef struct
{
  int32_t plane;                /* index in TsShimFrame.plane */
  int32_t offset;               /* bytes from the start of a row */
  int32_t step;                 /* bytes from one sample to the next */
  int32_t shift;                /* 1: a sample serves 2x2 pixels, 0: one */
} TsShimComponent;

/* Y'CbCr to R'G'B' or luma, the fixed point of gst/frame/tscolor.h. */
typedef struct
{
  int32_t luma_gain;
  int16_t y_black, y_gain, cr_to_r, cb_to_g, cr_to_g, cb_to_b;
} TsShimYuv;

/* A frame in host memory, borrowed, and where it lands in the tensor, in pixels. */
typedef struct
{
  int32_t width, height;
  int32_t n_planes;             /* 1 to 3 */
  const uint8_t *plane[3];
  int32_t stride[3];            /* bytes from one row to the next */
  int32_t row_bytes[3], rows[3];        /* what there is to read of a plane */
  TsShimComponent component[3]; /* R, G, B; or Y, Cb, Cr */
  int32_t is_yuv;
  TsShimYuv yuv;                /* if it is */
  int32_t resized_width, resized_height, left, top;
} TsShimFrame;

/* The tensor that a module takes frames as: those of gst/frame/tstensorizer.h. */
typedef struct
{
  int32_t width, height;
  int32_t channels;             /* 3, or 1 for luma */
  int32_t interleaved;          /* the shape: [n, height, width, channels] */
  int32_t bgr;
  int32_t pad_value;            /* 0..255 */
  float scale[3], offset[3];    /* tensor = pixel * scale + offset; R, G, B */
  TsShimDtype dtype;            /* float32, float16 or bfloat16 */
} TsShimInput;

/* What a module takes and how it runs. */
typedef struct
{
  TsShimDtype precision;        /* of convolutions and matrix products */
  int32_t threads;              /* intra-op threads of the CPU */
  int64_t weight_bytes;         /* of parameters, buffers and constants in the form in
                                 * use; memory that tensors share counts once */
  int64_t device_bytes;         /* that libtorch holds on the module's card for all of
                                 * the process; -1: on no card, or not known */
  int32_t keeps_state;          /* a run may change the module: one at a time */
} TsShimUse;

typedef struct TsShimModule TsShimModule;
typedef struct TsShimValue TsShimValue;
typedef struct TsShimLane TsShimLane;

typedef struct
{
  const char *path;             /* the file, UTF-8 as the OS takes it */
  const char *device;           /* "cpu", "cuda", "cuda:N" or "mps" */
  const char *method;           /* the method that run() calls; "forward" if NULL */
  int32_t threads;              /* intra-op threads of the CPU; 0: one a core; for
                                 * OpenBLAS the module loaded last decides */
  TsShimDtype dtype;            /* floating parameters are converted to this */

  /* Shared libraries that register operators, loaded for good before the file;
   * paths that end in NULL, or NULL.  A relative path needs a slash. */
  const char *const *op_libs;

  /* Put over the module's parameters and buffers, all of which must be named
   * (of tensors with one memory, one name does); converted within the floating
   * types and within the integers.  @weights_path says in messages where they
   * come from.  NULL: those of the file. */
  const TsShimNamedTensor *weights;
  size_t n_weights;
  const char *weights_path;

  /* The file's bytes, where the caller has read them; @path then only names it in
   * messages.  NULL: the file is read, once. */
  const void *data;
  size_t size;

  /* 0: a module that calls an operator that is not on the list of those that only
   * compute (allowed_operators.inc, and what @op_libs register) is not loaded, and
   * nothing of it has run.  Else such operators run, too. */
  int32_t unsafe_operators;
  int32_t tunable;              /* keep what prepare() needs; settle() frees it */
} TsShimLoadOptions;

typedef struct
{
  uint32_t abi_version;         /* TS_SHIM_ABI_VERSION */

  /* "libtorch 1.13.0", or whatever stands behind this shim; static. */
  const char *(*runtime) (void);

  /* A sentence about a runtime that works but runs far below the machine's
   * speed (the reference BLAS, say) with its cure, or NULL; static. */
  const char *(*runtime_warning) (void);

  /* Whether @device names a device that works here. */
  TsShimStatus (*check_device) (const char *device, char *error, size_t error_size);

  /* Loads a TorchScript file onto a device, in evaluation mode. */
  TsShimStatus (*load) (const TsShimLoadOptions *options, TsShimModule **module,
      char *error, size_t error_size);
  void (*module_free) (TsShimModule *module);

  /* The JSON extra file "config.txt" that some exporters embed, or NULL.
   * Owned by the module; *size gets its length in bytes. */
  const char *(*config) (const TsShimModule *module, size_t *size);

  /* Runs the method chosen at load on @n_inputs tensors.  The inputs are only
   * read, and only during the call.  *output is the caller's to free. */
  TsShimStatus (*run) (TsShimModule *module, const TsShimTensor *inputs,
      size_t n_inputs, TsShimValue **output, char *error, size_t error_size);

  /* The parts of an output.  Children, keys, strings and tensor data live as
   * long as the root value that run() gave.  Tensors are in host memory. */
  TsShimKind (*value_kind) (const TsShimValue *value);
  size_t (*value_size) (const TsShimValue *value);      /* children of a list or dict */
  const TsShimValue *(*value_child) (const TsShimValue *value, size_t index);
  const char *(*value_key) (const TsShimValue *value, size_t index);    /* of a dict */
  const TsShimTensor *(*value_tensor) (const TsShimValue *value);
  int64_t (*value_int) (const TsShimValue *value);
  double (*value_double) (const TsShimValue *value);
  const char *(*value_string) (const TsShimValue *value);
  void (*value_free) (TsShimValue *value);

  /* As run(), but the first @n_listed inputs are one argument, a list of
   * tensors; 0: none is. */
  TsShimStatus (*run_listed) (TsShimModule *module, const TsShimTensor *inputs,
      size_t n_inputs, size_t n_listed, TsShimValue **output, char *error,
      size_t error_size);

  /* Loads a file on the CPU only to say what is in it; of the options it reads
   * path, data, size, method, op_libs and unsafe_operators.  *description, a dict, is the caller's to free:
   *   "methods"           list of strings, "forward(Tensor x) -> Tensor"
   *   "operators"         list of strings, "aten::conv2d", sorted: those that the
   *                       method runs, and what it calls
   *   "device_constants"  list of strings, the devices that are written into the
   *                       method's code, "cpu"
   *   "parameters"        int, the numbers in all parameters
   *   "buffers"           int, the numbers in all buffers
   *   "bytes"             int, of parameters and buffers as stored
   *   "dtypes"            list of strings, of parameters and buffers, "float32" */
  TsShimStatus (*describe) (const TsShimLoadOptions *options,
      TsShimValue **description, char *error, size_t error_size);

  /* Makes run() use another form of a tunable module, from the next call on; after
   * load() it is the frozen one.  Not while another thread runs it.  On failure the
   * form stays; it is an ARGUMENT error if there is no such form here. */
  TsShimStatus (*prepare) (TsShimModule *module, const TsShimVariant *variant,
      char *error, size_t error_size);

  /* Keeps the form in use and frees what others would be made of. */
  void (*settle) (TsShimModule *module);

  /* Lanes take frames instead of tensors to a module whose device is a card: the
   * bytes cross once, and become the input there.  All are NULL in a shim that is
   * built without kernels.
   *
   * A lane has a stream and buffers of its own, so that lanes of one module work at
   * the same time, each by one thread; all are freed before their module.
   * What a lane prepares at its first runs, it prepares at once as in the lane @like
   * of the same module, unless that is NULL.
   * TS_SHIM_ERROR_DEVICE: the module is not on a card. */
  TsShimStatus (*lane_new) (TsShimModule *module, const TsShimLane *like,
      TsShimLane **lane, char *error, size_t error_size);
  void (*lane_free) (TsShimLane *lane);

  /* Runs the module on a batch of @n frames.  *output is the lane's and lives until
   * its next run.  If the answer is one tensor [n, C, N] of a raw YOLO head (rows 4
   * and up are scores) and 0 < @keep < N, *output is float32 and has of each item only
   * the @keep columns with the best score, in their order. */
  TsShimStatus (*lane_run) (TsShimLane *lane, const TsShimInput *input,
      const TsShimFrame *frames, size_t n, size_t keep,
      const TsShimValue **output, char *error, size_t error_size);

  /* The whole answer of the last run; the caller's to free.  After a run that kept a
   * part of it, an ARGUMENT error if another lane of the module has run since. */
  TsShimStatus (*lane_answer) (TsShimLane *lane, TsShimValue **answer, char *error,
      size_t error_size);

  /* A sentence on how the last run ran ("as a CUDA graph, ..."); the lane's. */
  const char *(*lane_note) (const TsShimLane *lane);

  /* Memory that the cards read at full speed; NULL if there is none.  @device is one
   * that is in use, so that no other is woken up for it. */
  void *(*host_alloc) (const char *device, size_t size);
  void (*host_free) (void *memory);

  /* Does what load() and run() need files for, save the module itself, for a process
   * that is about to lose them: loads @op_libs (as in TsShimLoadOptions), and has
   * libtorch look at the CPU, which it does when it first computes. */
  TsShimStatus (*prepare_process) (const char *const *op_libs, char *error,
      size_t error_size);

  /* From any thread, also while another one runs or prepares the module. */
  void (*use) (const TsShimModule *module, TsShimUse *use);

  /* How long the frames of the lane's last run took to get to the card; of lanes. */
  int64_t (*lane_upload_ns) (const TsShimLane *lane);
} TsShimApi;

/* The one exported symbol; NULL if this shim does not speak @abi_version. */
const TsShimApi *ts_shim_api (uint32_t abi_version);

typedef const TsShimApi *(*TsShimApiFunc) (uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif /* TORCHSCRIPT_SHIM_H */
