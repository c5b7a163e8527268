// L-BFGS: Nocedal, "Updating quasi-Newton matrices with limited storage" (1980); Nocedal and
// Wright, "Numerical Optimization" (2006), algorithms 7.4 and 7.5.
#pragma once

#include <jetmlp/optim/optimizer.hpp>
#include <jetmlp/optim/quasi_newton.hpp>
#include <jetmlp/optim/stopping.hpp>

#include <deque>
#include <memory>
#include <vector>

namespace jetmlp {

class LbfgsOptions final : public OptimizerOptions {
  public:
    Index memory = 20;  // pairs of steps and gradient differences kept
    WolfeConditions conditions;
    StoppingOptions stopping;

    [[nodiscard]] double state_numbers(Index n_parameters) const override {
        return 7.0 * static_cast<double>(n_parameters);
    }
    std::vector<Setting> settings() override;

  private:
    [[nodiscard]] std::unique_ptr<Optimizer<float>> make_single(Index n_parameters) const override;
    [[nodiscard]] std::unique_ptr<Optimizer<double>> make_double(Index n_parameters) const override;
};

template <class T>
class Lbfgs final : public QuasiNewton<T> {
  public:
    Lbfgs(const LbfgsOptions& options, Index n_parameters);

    [[nodiscard]] double workspace_bytes(const Objective<T>& objective,
                                         Index batch_size) const override;

  private:
    using typename QuasiNewton<T>::Step;

    struct Pair {
        std::vector<T> step;
        std::vector<T> difference;  // of the gradients
        double inner_product;       // of both
    };

    [[nodiscard]] bool knows_curvature() const override { return !pairs_.empty(); }
    void forget() override { pairs_.clear(); }
    // By the two loops over the pairs.
    void find_direction(const std::vector<T>& gradient, std::vector<T>& direction,
                        Execution& execution) override;
    void learn(const Step& step, Execution& execution) override;
    void visit_learned(StateVisitor& state) override;

    Index memory_;
    std::deque<Pair> pairs_;
};

extern template class Lbfgs<float>;
extern template class Lbfgs<double>;

}  // namespace jetmlp
