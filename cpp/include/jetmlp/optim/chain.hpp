// Optimizers one after the other: a warm start, then the polish.
#pragma once

#include <jetmlp/optim/optimizer.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace jetmlp {

// Each optimizer runs for its epochs, or until it has nothing left to do; the last one goes on.
template <class T>
class Chain final : public Optimizer<T> {
  public:
    // epochs: of every optimizer but the last.
    Chain(std::vector<std::unique_ptr<Optimizer<T>>> optimizers, std::vector<Index> epochs);

    void begin(Objective<T>& objective) override;
    [[nodiscard]] std::string_view finished() const override;
    Losses run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                     Execution& execution) override;

  private:
    [[nodiscard]] bool is_last() const { return at_ + 1 == optimizers_.size(); }

    std::vector<std::unique_ptr<Optimizer<T>>> optimizers_;
    std::vector<Index> epochs_left_;
    std::size_t at_ = 0;
};

extern template class Chain<float>;
extern template class Chain<double>;

}  // namespace jetmlp
