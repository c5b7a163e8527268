#include <jetmlp/optim/chain.hpp>

#include <utility>

namespace jetmlp {

template <class T>
Chain<T>::Chain(std::vector<std::unique_ptr<Optimizer<T>>> optimizers, std::vector<Index> epochs)
    : optimizers_(std::move(optimizers)), epochs_left_(std::move(epochs)) {}

template <class T>
void Chain<T>::begin(Objective<T>& objective) {
    optimizers_[at_]->begin(objective);
}

template <class T>
std::string_view Chain<T>::finished() const {
    return is_last() ? optimizers_[at_]->finished() : std::string_view{};
}

template <class T>
Losses Chain<T>::run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                           Execution& execution) {
    while (!is_last() && (epochs_left_[at_] == 0 || !optimizers_[at_]->finished().empty())) {
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
