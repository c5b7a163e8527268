// Stochastic Gauss–Newton: a damped Gauss–Newton step for every batch of samples, solved among the
// batch's residuals instead of the parameters. Ren and Goldfarb, "Efficient subsampled Gauss–Newton
// and natural gradient methods for training neural networks" (arXiv:1906.02353); Korbit et al.,
// "Exact Gauss–Newton optimization for training deep neural networks" (arXiv:2405.14402); the same
// step is MinSR of Chen and Heyl (Nature Physics 20, 2024).
#pragma once

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/optim/optimizer.hpp>

#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace jetmlp {

class StochasticGaussNewtonOptions final : public OptimizerOptions {
  public:
    double damping = 3e-3;  // of the mean of the diagonal of J Jᵀ

    std::vector<Setting> settings() override;

  private:
    [[nodiscard]] std::unique_ptr<Optimizer<float>> make_single(Index n_parameters) const override;
    [[nodiscard]] std::unique_ptr<Optimizer<double>> make_double(Index n_parameters) const override;
};

class StochasticGaussNewton final : public Optimizer<double> {
  public:
    explicit StochasticGaussNewton(StochasticGaussNewtonOptions options);
    ~StochasticGaussNewton() override;

    void check(const Objective<double>& objective) const override;
    [[nodiscard]] double workspace_bytes(const Objective<double>& objective,
                                         Index batch_size) const override;
    void begin(Objective<double>& objective, Start start) override;
    [[nodiscard]] std::optional<FitEnd> finished() const override { return finished_; }
    [[nodiscard]] bool measures_steps() const override { return false; }
    Losses run_epoch(Objective<double>& objective, const EpochPlan& plan, Iterate<double>& iterate,
                     Execution& execution) override;
    void visit(StateVisitor& state) override;

  private:
    struct Workspace;

    // One step from the parameters where the batch was last evaluated.
    void step(double learning_rate, Iterate<double>& iterate, Execution& execution);
    // The damping follows the mean loss of an epoch; where that keeps rising the fit ends, back
    // where the lowest began.
    void follow(double loss, Iterate<double>& iterate);

    StochasticGaussNewtonOptions options_;
    double damping_;
    Index n_steps_ = 0;  // since the optimizer was made
    double last_loss_ = std::numeric_limits<double>::infinity();
    double lowest_loss_ = std::numeric_limits<double>::infinity();
    Index epochs_above_ = 0;            // in a row, that stayed above the lowest loss
    std::vector<double> before_epoch_;  // parameters, also of the epoch with the lowest loss:
    std::vector<double> before_lowest_;
    TeamChoice team_choice_;
    std::optional<FitEnd> finished_;
    std::unique_ptr<Workspace> workspace_;
};

}  // namespace jetmlp
