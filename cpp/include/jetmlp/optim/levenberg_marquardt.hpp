// Levenberg–Marquardt for the loss as a sum of squares: Levenberg (1944), Marquardt (1963), with the
// damping of Nielsen ("Damping parameter in Marquardt's method", IMM-REP-1999-05) and, if wanted,
// the geodesic acceleration of Transtrum and Sethna (arXiv:1201.5885).
#pragma once

#include <jetmlp/optim/optimizer.hpp>

#include <memory>
#include <string_view>

namespace jetmlp {

struct LevenbergMarquardtOptions {
    double initial_damping = 1e-3;      // of the trace of JᵀJ
    bool geodesic_acceleration = false;
    double gradient_tolerance = 0.0;    // ends at max |∂loss/∂θ| ≤ this,
    double step_tolerance = 0.0;        // at ‖step‖ ≤ this · ‖θ‖,
    double loss_tolerance = 0.0;        // at a step that lowers the loss by less than this share,
    double target_loss = 0.0;           // at a loss ≤ this
};

// One epoch is one accepted step, on all samples. It ends a fit with "gradient", "step", "loss" or
// "target".
class LevenbergMarquardt final : public Optimizer<double> {
  public:
    explicit LevenbergMarquardt(LevenbergMarquardtOptions options);
    ~LevenbergMarquardt() override;

    void begin(Objective<double>& objective) override;
    [[nodiscard]] std::string_view finished() const override { return finished_; }
    Losses run_epoch(Objective<double>& objective, const EpochPlan& plan,
                     Iterate<double>& iterate, Execution& execution) override;

  private:
    struct Workspace;

    // Tries steps from `iterate` until one is accepted, or sets finished_.
    void step(Workspace& work, Iterate<double>& iterate, Execution& execution);

    LevenbergMarquardtOptions options_;
    double damping_ = -1.0;  // λ; negative before the first step
    double raise_ = 2.0;     // ν: what the next rejection multiplies it by
    std::string_view finished_;
    std::unique_ptr<Workspace> workspace_;
};

}  // namespace jetmlp
