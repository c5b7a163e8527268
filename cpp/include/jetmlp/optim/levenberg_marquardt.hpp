// Levenberg–Marquardt for the loss as a sum of squares: Levenberg (1944), Marquardt (1963), with
// the damping of Nielsen ("Damping parameter in Marquardt's method", IMM-REP-1999-05) and the
// geodesic acceleration of Transtrum and Sethna (arXiv:1201.5885).
#pragma once

#include <jetmlp/optim/optimizer.hpp>
#include <jetmlp/optim/stopping.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace jetmlp {

enum class NormalForm : std::uint8_t { automatic, dual, primal };
inline constexpr std::array<std::string_view, 3> normal_form_names{"automatic", "dual", "primal"};
// Throws std::invalid_argument for any other name.
NormalForm normal_form_from_name(std::string_view name);

class LevenbergMarquardtOptions final : public OptimizerOptions {
  public:
    double initial_damping = 1e-3;  // of the trace of JᵀJ
    bool geodesic_acceleration = true;
    NormalForm form = NormalForm::automatic;  // J Jᵀ or JᵀJ, or what takes less arithmetic
    // α ≥ 0 of the weights and of the biases of each layer in turn: Σ_g α_g ‖θ_g‖² is added to what
    // is minimized, not to the losses that are reported. Empty: nothing is.
    std::vector<double> regularization;
    StoppingOptions stopping;

    std::vector<Setting> settings() override;

  private:
    [[nodiscard]] std::unique_ptr<Optimizer<float>> make_single(Index n_parameters) const override;
    [[nodiscard]] std::unique_ptr<Optimizer<double>> make_double(Index n_parameters) const override;
};

// One epoch is one accepted step, on all samples.
class LevenbergMarquardt final : public Optimizer<double> {
  public:
    explicit LevenbergMarquardt(LevenbergMarquardtOptions options);
    ~LevenbergMarquardt() override;

    void check(const Objective<double>& objective) const override;
    [[nodiscard]] double workspace_bytes(const Objective<double>& objective,
                                         Index batch_size) const override;
    void begin(Objective<double>& objective, Start start) override;
    [[nodiscard]] std::optional<FitEnd> finished() const override { return finished_; }
    Losses run_epoch(Objective<double>& objective, const EpochPlan& plan, Iterate<double>& iterate,
                     Execution& execution) override;
    void visit(StateVisitor& state) override;

  private:
    struct Workspace;

    // Tries steps from `iterate` until one is accepted, or says why none is worth it.
    void step(Iterate<double>& iterate, Execution& execution);
    // The candidate that the damping gives; false if there is none to be had.
    bool propose(const Iterate<double>& iterate, Execution& execution);
    // Whether the candidate is finite and lower; if so the damping follows its gain.
    bool accept(const Iterate<double>& iterate, double lowest_damping);
    void reject();

    LevenbergMarquardtOptions options_;
    double damping_ = -1.0;  // λ; negative before the first step
    double raise_ = 2.0;     // ν: what the next rejection multiplies λ by
    std::optional<FitEnd> finished_;
    std::unique_ptr<Workspace> workspace_;
};

}  // namespace jetmlp
