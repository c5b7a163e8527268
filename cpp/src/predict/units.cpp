#include "predict/units.hpp"

namespace jetmlp {

template <class T>
void standardise(Index d, const double* from, const double* mean, const double* scale, T* to) {
    for (Index k = 0; k < d; ++k) {
        to[k] = static_cast<T>(mean == nullptr ? from[k] : (from[k] - mean[k]) / scale[k]);
    }
}

template <class T>
void undo_values(Index m, const T* from, const double* mean, const double* scale, double* to) {
    for (Index o = 0; o < m; ++o) {
        to[o] = mean[o] + scale[o] * static_cast<double>(from[o]);
    }
}

template <class T>
void undo_slopes(Index count, const T* from, const double* units, double* to) {
    for (Index i = 0; i < count; ++i) {
        to[i] = static_cast<double>(from[i]) * units[i];
    }
}

template void standardise(Index, const double*, const double*, const double*, float*);
template void standardise(Index, const double*, const double*, const double*, double*);
template void undo_values(Index, const float*, const double*, const double*, double*);
template void undo_values(Index, const double*, const double*, const double*, double*);
template void undo_slopes(Index, const float*, const double*, double*);
template void undo_slopes(Index, const double*, const double*, double*);

}  // namespace jetmlp
