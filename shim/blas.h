// blas.h - the BLAS that libtorch found at run time
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace ts {

// A warning with its cure if matrix products go to the reference BLAS, else NULL.
const char *blas_warning();

// Gives OpenBLAS @threads threads, in the whole process; other libraries keep theirs.
void set_blas_threads(int threads);

}  // namespace ts
