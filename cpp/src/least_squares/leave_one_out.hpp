// Errors of the samples, each had it been left out of the fit, in closed form.
#pragma once

#include "least_squares/layer_factors.hpp"
#include "least_squares/residual_layout.hpp"
#include "least_squares/whitened_system.hpp"

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

// By residual, in whitened units.
struct LeftOut {
    std::vector<double> errors;
    std::vector<double> variances;  // that the posterior expects of them, noise included
};

// From the residuals r̃, and the system with the shift 1 factorized last: for the residuals of
// sample s, e = (M̃⁻¹)_ss⁻¹ r̃_s, whose covariance is (M̃⁻¹)_ss⁻¹. That is what the linearised problem
// gives without the sample, if with it its minimum is here.
LeftOut leave_out_samples(WhitenedSystem& system, const ResidualLayout& layout,
                          const Buffer<double>& whitened, Execution& execution);

}  // namespace jetmlp
