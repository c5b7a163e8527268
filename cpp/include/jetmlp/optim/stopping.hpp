// Every way in which a fit ends.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace jetmlp {

// epochs: all that were asked for. callback: the hook wanted it. patience: see EarlyStopping.
// gradient, step, loss, target: what an optimizer met of StoppingOptions; a step that rounding
// swallows is "step" at any tolerance. rising: the loss of an optimizer that works in batches kept
// rising. diverged: a loss turned NaN or infinite. interrupted:
// Ctrl-C.
enum class FitEnd : std::uint8_t {
    epochs,
    callback,
    patience,
    gradient,
    step,
    loss,
    target,
    rising,
    diverged,
    interrupted
};

inline constexpr std::array<std::string_view, 10> fit_end_names{
    "epochs", "callback", "patience", "gradient", "step",
    "loss",   "target",   "rising",   "diverged", "interrupted"};

constexpr std::string_view name_of(FitEnd end) {
    return fit_end_names[static_cast<std::size_t>(end)];
}

// When an optimizer that works on all samples at once has nothing left to do.
struct StoppingOptions {
    double gradient_tolerance = 0.0;  // at max |∂loss/∂θ| ≤ this
    double step_tolerance = 0.0;      // at ‖step‖ ≤ this · ‖θ‖
    double loss_tolerance = 0.0;      // at a step that lowers the loss by no more than this share
    double target_loss = 0.0;         // at a loss ≤ this
};

}  // namespace jetmlp
