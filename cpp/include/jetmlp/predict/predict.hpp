// Values and exact input derivatives of a network at given inputs.
#pragma once

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

namespace jetmlp {

// inputs (n, d) → values (n, m) and jacobian (n, m, d); either may be null and is then not
// computed. Works in blocks: memory beyond the results is bounded by the widths of the layers.
template <class T>
void predict(const Architecture& architecture, const T* parameters, Index n_samples,
             const T* inputs, T* values, T* jacobian, Execution& execution);

}  // namespace jetmlp
