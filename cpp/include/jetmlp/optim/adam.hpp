// Adam: Kingma and Ba, "Adam: a method for stochastic optimization" (ICLR 2015), algorithm 1.
// With weight decay AdamW: Loshchilov and Hutter, "Decoupled weight decay regularization" (ICLR
// 2019), algorithm 2.
#pragma once

#include <jetmlp/optim/optimizer.hpp>

#include <memory>
#include <vector>

namespace jetmlp {

class AdamOptions final : public OptimizerOptions {
  public:
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0.0;

    [[nodiscard]] double state_numbers(Index n_parameters) const override {
        return 3.0 * static_cast<double>(n_parameters);
    }
    std::vector<Setting> settings() override;

  private:
    [[nodiscard]] std::unique_ptr<Optimizer<float>> make_single(Index n_parameters) const override;
    [[nodiscard]] std::unique_ptr<Optimizer<double>> make_double(Index n_parameters) const override;
};

template <class T>
class Adam final : public Optimizer<T> {
  public:
    Adam(AdamOptions options, Index n_parameters);

    [[nodiscard]] bool measures_steps() const override { return false; }
    Losses run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                     Execution& execution) override;
    void visit(StateVisitor& state) override;

  private:
    // The losses of a batch, and a step by their gradient.
    Losses take_batch(Objective<T>& objective, Rows batch, double learning_rate,
                      Iterate<T>& iterate, Execution& execution);
    // False if the second moment cannot hold the squares of the gradient.
    [[nodiscard]] bool gradient_fits() const;
    // False if a parameter is no longer finite.
    bool step(double learning_rate, const std::vector<T>& from, std::vector<T>& to);

    AdamOptions options_;
    Index n_steps_ = 0;
    std::vector<T> gradient_;
    std::vector<T> first_moment_;
    std::vector<T> second_moment_;
};

extern template class Adam<float>;
extern template class Adam<double>;

}  // namespace jetmlp
