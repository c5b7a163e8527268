// Optimizers one after the other: a warm start, then the polish.
#pragma once

#include <jetmlp/optim/optimizer.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace jetmlp {

class ChainOptions final : public OptimizerOptions {
  public:
    // epochs: of every optimizer but the last.
    ChainOptions(std::vector<std::shared_ptr<const OptimizerOptions>> optimizers,
                 std::vector<Index> epochs);

    [[nodiscard]] double state_numbers(Index n_parameters) const override;
    std::vector<Setting> settings() override { return {}; }  // those of its optimizers are theirs

  private:
    template <class T>
    [[nodiscard]] std::unique_ptr<Optimizer<T>> make_chain(Index n_parameters) const;
    [[nodiscard]] std::unique_ptr<Optimizer<float>> make_single(Index n_parameters) const override;
    [[nodiscard]] std::unique_ptr<Optimizer<double>> make_double(Index n_parameters) const override;

    std::vector<std::shared_ptr<const OptimizerOptions>> optimizers_;
    std::vector<Index> epochs_;
};

// Each optimizer runs for its epochs, or until it has nothing left to do; the last one goes on.
template <class T>
class Chain final : public Optimizer<T> {
  public:
    // epochs: of every optimizer but the last.
    Chain(std::vector<std::unique_ptr<Optimizer<T>>> optimizers, std::vector<Index> epochs);

    void check(const Objective<T>& objective) const override;
    [[nodiscard]] double workspace_bytes(const Objective<T>& objective,
                                         Index batch_size) const override;
    void begin(Objective<T>& objective, Start start) override;
    [[nodiscard]] std::optional<FitEnd> finished() const override;
    [[nodiscard]] bool measures_steps() const override { return working().measures_steps(); }
    Losses run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                     Execution& execution) override;
    void visit(StateVisitor& state) override;

    // Whose turn it is.
    [[nodiscard]] Optimizer<T>& working() const {
        return *optimizers_[static_cast<std::size_t>(at_)];
    }

  private:
    [[nodiscard]] bool is_last() const { return at_ + 1 == static_cast<Index>(optimizers_.size()); }

    [[nodiscard]] Index& epochs_left() { return epochs_left_[static_cast<std::size_t>(at_)]; }

    std::vector<std::unique_ptr<Optimizer<T>>> optimizers_;
    std::vector<Index> epochs_left_;
    Index at_ = 0;
};

extern template class Chain<float>;
extern template class Chain<double>;

}  // namespace jetmlp
