// When an optimizer that works on all samples at once has nothing left to do.
#pragma once

#include <string_view>

namespace jetmlp {

struct StoppingOptions {
    double gradient_tolerance = 0.0;  // at max |∂loss/∂θ| ≤ this
    double step_tolerance = 0.0;      // at ‖step‖ ≤ this · ‖θ‖
    double loss_tolerance = 0.0;      // at a step that lowers the loss by no more than this share
    double target_loss = 0.0;         // at a loss ≤ this
};

// The words for it. A step that rounding swallows ends a fit with "step" at any tolerance.
namespace stopping {
inline constexpr std::string_view gradient = "gradient";
inline constexpr std::string_view step = "step";
inline constexpr std::string_view loss = "loss";
inline constexpr std::string_view target = "target";
}  // namespace stopping

}  // namespace jetmlp
