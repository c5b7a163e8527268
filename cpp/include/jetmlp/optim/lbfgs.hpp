// L-BFGS: Nocedal, "Updating quasi-Newton matrices with limited storage" (1980); Nocedal and
// Wright, "Numerical Optimization" (2006), algorithms 7.4 and 7.5.
#pragma once

#include <jetmlp/optim/optimizer.hpp>
#include <jetmlp/optim/stopping.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace jetmlp {

class LbfgsOptions final : public OptimizerOptions {
  public:
    Index memory = 20;                  // pairs of steps and gradient differences kept
    double sufficient_decrease = 1e-4;  // c₁ of the strong Wolfe conditions
    double curvature = 0.9;             // c₂, above c₁ and below 1
    StoppingOptions stopping;

    std::vector<Setting> settings() override;

  private:
    [[nodiscard]] std::unique_ptr<Optimizer<float>> make_single(Index n_parameters) const override;
    [[nodiscard]] std::unique_ptr<Optimizer<double>> make_double(Index n_parameters) const override;
};

// One epoch is one accepted step, on all samples.
template <class T>
class Lbfgs final : public Optimizer<T> {
  public:
    Lbfgs(LbfgsOptions options, Index n_parameters);

    void begin(Objective<T>& objective) override;
    [[nodiscard]] std::optional<FitEnd> finished() const override { return finished_; }
    Losses run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                     Execution& execution) override;

  private:
    struct Pair {
        std::vector<T> step;
        std::vector<T> difference;  // of the gradients
        double inner_product;       // of both
    };

    void step(Objective<T>& objective, Iterate<T>& iterate, Execution& execution);
    // direction_ = −H g by the two loops over the pairs.
    void find_direction();
    void remember(const std::vector<T>& from, const std::vector<T>& to);

    LbfgsOptions options_;
    std::optional<FitEnd> finished_;
    std::deque<Pair> pairs_;
    bool evaluated_ = false;  // losses_ and gradient_ are those of the iterate
    Losses losses_;
    std::vector<T> gradient_;
    std::vector<T> trial_gradient_;
    std::vector<T> direction_;
    std::vector<T> candidate_;
    std::vector<T> last_;  // parameters that the pairs led to
};

extern template class Lbfgs<float>;
extern template class Lbfgs<double>;

}  // namespace jetmlp
