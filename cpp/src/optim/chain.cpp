#include <jetmlp/optim/chain.hpp>

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
void Chain<T>::begin(Objective<T>& objective) {
    optimizers_[at_]->begin(objective);
}

template <class T>
std::optional<FitEnd> Chain<T>::finished() const {
    return is_last() ? optimizers_[at_]->finished() : std::nullopt;
}

template <class T>
Losses Chain<T>::run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                           Execution& execution) {
    while (!is_last() && (epochs_left_[at_] == 0 || optimizers_[at_]->finished().has_value())) {
        ++at_;
        optimizers_[at_]->begin(objective);
    }
    const Losses losses = optimizers_[at_]->run_epoch(objective, plan, iterate, execution);
    if (!is_last()) {
        --epochs_left_[at_];
    }
    return losses;
}

template class Chain<float>;
template class Chain<double>;

}  // namespace jetmlp
