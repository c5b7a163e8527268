// A step length by the strong Wolfe conditions: Nocedal and Wright, "Numerical Optimization"
// (2006), algorithms 3.5 and 3.6 with cubic interpolation, and the approximate condition of Hager
// and Zhang
// ("A new conjugate gradient method with guaranteed descent and an efficient line search", SIAM J.
// Optim. 16, 2005) where the decrease drowns in rounding: the first alone stalls at √ε.
#pragma once

#include <functional>

namespace jetmlp {

// φ(α) = loss(θ + α p) with its slope.
struct LinePoint {
    double length = 0.0;
    double value = 0.0;
    double slope = 0.0;
};

struct LineSearchOptions {
    double sufficient_decrease;  // c₁: φ(α) ≤ φ(0) + c₁ α φ'(0)
    double curvature;            // c₂: |φ'(α)| ≤ c₂ |φ'(0)|
    double noise;                // of φ, relative to φ(0): rounding alone may change it by so much
};

// The point found, with length 0 if there is none: no descent, or none that rounding can see.
// `evaluate` is last called with the length returned. `start.length` is 0.
LinePoint search_line(const LinePoint& start, double first_length, const LineSearchOptions& options,
                      const std::function<LinePoint(double length)>& evaluate);

}  // namespace jetmlp
