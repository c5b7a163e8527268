#include <jetmlp/optim/chain.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace jetmlp {

ChainOptions::ChainOptions(std::vector<std::shared_ptr<const OptimizerOptions>> optimizers,
                           std::vector<Index> epochs)
    : optimizers_(std::move(optimizers)), epochs_(std::move(epochs)) {
    if (optimizers_.empty() || epochs_.size() + 1 != optimizers_.size()) {
        throw std::invalid_argument(
            "epochs: expected one number for each optimizer but the last, got " +
            std::to_string(epochs_.size()) + " for " + std::to_string(optimizers_.size()) +
            " optimizers");
    }
}

template <class T>
std::unique_ptr<Optimizer<T>> ChainOptions::make_chain(Index n_parameters) const {
    std::vector<std::unique_ptr<Optimizer<T>>> optimizers;
    optimizers.reserve(optimizers_.size());
    for (const auto& options : optimizers_) {
        optimizers.push_back(options->make<T>(n_parameters));
    }
    return std::make_unique<Chain<T>>(std::move(optimizers), epochs_);
}

double ChainOptions::state_numbers(Index n_parameters) const {
    double sum = 0.0;
    for (const auto& options : optimizers_) {
        sum += options->state_numbers(n_parameters);
    }
    return sum;
}

std::unique_ptr<Optimizer<float>> ChainOptions::make_single(Index n_parameters) const {
    return make_chain<float>(n_parameters);
}

std::unique_ptr<Optimizer<double>> ChainOptions::make_double(Index n_parameters) const {
    return make_chain<double>(n_parameters);
}

template <class T>
Chain<T>::Chain(std::vector<std::unique_ptr<Optimizer<T>>> optimizers, std::vector<Index> epochs)
    : optimizers_(std::move(optimizers)), epochs_left_(std::move(epochs)) {}

// All of them, also those whose turn has not come.
template <class T>
void Chain<T>::check(const Objective<T>& objective) const {
    for (const auto& optimizer : optimizers_) {
        optimizer->check(objective);
    }
}

// A turn that is over leaves its workspace.
template <class T>
double Chain<T>::workspace_bytes(const Objective<T>& objective, Index batch_size) const {
    double sum = 0.0;
    for (const auto& optimizer : optimizers_) {
        sum += optimizer->workspace_bytes(objective, batch_size);
    }
    return sum;
}

template <class T>
void Chain<T>::begin(Objective<T>& objective, Start start) {
    working().begin(objective, start);
}

template <class T>
std::optional<FitEnd> Chain<T>::finished() const {
    return is_last() ? working().finished() : std::nullopt;
}

template <class T>
Losses Chain<T>::run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                           Execution& execution) {
    while (!is_last() && (epochs_left() == 0 || working().finished().has_value())) {
        ++at_;
        working().begin(objective, Start::anew);
    }
    const Losses losses = working().run_epoch(objective, plan, iterate, execution);
    if (!is_last()) {
        --epochs_left();
    }
    return losses;
}

template <class T>
void Chain<T>::visit(StateVisitor& state) {
    const std::vector<Index> all = epochs_left_;
    state.visit("at", at_);
    state.expect(at_ < static_cast<Index>(optimizers_.size()), "at", "one of its optimizers");
    std::vector<std::uint64_t> left(all.begin(), all.end());
    state.visit("epochs_left", left, all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        state.expect(std::cmp_less_equal(left[i], all[i]), "epochs_left",
                     "no more epochs than they were given");
        epochs_left_[i] = static_cast<Index>(left[i]);
    }
    for (std::size_t i = 0; i < optimizers_.size(); ++i) {
        state.within(std::to_string(i), [&] { optimizers_[i]->visit(state); });
    }
}

template class Chain<float>;
template class Chain<double>;

}  // namespace jetmlp
