#include "optim/prediction_bounds.hpp"

#include <jetmlp/machine/parts.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace jetmlp {

namespace {

// Infinite where one of them is NaN.
template <class T>
double largest(const T* numbers, Index count) {
    T most = T(0);
    for (Index i = 0; i < count; ++i) {
        const T size = std::abs(numbers[i]);
        if (!std::isfinite(size)) {
            return std::numeric_limits<double>::infinity();
        }
        most = std::max(most, size);
    }
    return static_cast<double>(most);
}

}  // namespace

// With w ≥ |W|, |b| and n_in entries in a row: |z| ≤ n_in w |a| + w, |ż| ≤ n_in w |ȧ|, and for
// every activation there is |σ(z)| ≤ |z| + 1 and |σ'|, |σ''| ≤ 2, so |ȧ⁺| ≤ 2|ż| and |ä⁺| ≤ 2|z̈| +
// 2|ż|².
template <class T>
bool surely_finite(const Objective<T>& objective, const std::vector<T>& parameters) {
    if (objective.elsewhere() != nullptr) {
        return false;
    }
    const Dataset<T>& data = objective.data();
    double w = 0.0;
    in_parts(static_cast<Index>(parameters.size()), [&](Index first, Index last) {
        w = std::max(w, largest(parameters.data() + first, last - first));
    });
    double a = 0.0;
    double tangent = data.has_directions() ? 0.0 : 1.0;
    double second = 0.0;
    in_parts(data.n_samples(), [&](Index first, Index last) {
        for (Index sample = first; sample < last; ++sample) {
            a = std::max(a, largest(data.input(sample), data.n_inputs()));
            for (Index k = 0; data.has_directions() && k < data.n_tangents(); ++k) {
                tangent = std::max(tangent, largest(data.direction(sample, k), data.n_inputs()));
            }
        }
    });
    // What goes back through the layers for gradients is of the same sizes; 2⁻²⁰ is for rounding.
    const double most = std::ldexp(static_cast<double>(std::numeric_limits<T>::max()), -20);
    for (const Layer& layer : objective.architecture().layers()) {
        const double rows = static_cast<double>(layer.n_in) * w;
        const double z_tangent = rows * tangent;
        a = rows * a + w + 1.0;
        second = 2.0 * rows * second + 2.0 * z_tangent * z_tangent;
        tangent = 2.0 * z_tangent;
        const double within = std::max({a, data.has(Term::derivative) ? tangent : 0.0,
                                        data.has(Term::second_derivative) ? second : 0.0});
        if (!(within < most)) {
            return false;
        }
    }
    return true;
}

template bool surely_finite(const Objective<float>&, const std::vector<float>&);
template bool surely_finite(const Objective<double>&, const std::vector<double>&);

}  // namespace jetmlp
