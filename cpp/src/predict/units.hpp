// From the units of the data to those of a network, and back: float64 throughout, and one rounding
// for each operation, as NumPy has them. units.cpp is therefore compiled without contraction.
#pragma once

#include <jetmlp/machine/types.hpp>

namespace jetmlp {

// to = (from − mean) / scale, or from itself where mean is null; in the network's type.
template <class T>
void standardise(Index d, const double* from, const double* mean, const double* scale, T* to);

// to = mean + scale · from.
template <class T>
void undo_values(Index m, const T* from, const double* mean, const double* scale, double* to);

// to = from · units.
template <class T>
void undo_slopes(Index count, const T* from, const double* units, double* to);

}  // namespace jetmlp
