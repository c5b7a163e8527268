// From the options of an optimizer to the optimizer.
#pragma once

#include "bindings.hpp"

#include <jetmlp/optim/adam.hpp>
#include <jetmlp/optim/chain.hpp>
#include <jetmlp/optim/lbfgs.hpp>
#include <jetmlp/optim/levenberg_marquardt.hpp>

#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace jetmlp::bindings {

using SingleOptions = std::variant<AdamOptions, LevenbergMarquardtOptions, LbfgsOptions>;

struct ChainOptions {
    std::vector<SingleOptions> optimizers;
    std::vector<Index> epochs;  // of every one but the last
};

using OptimizerOptions =
    std::variant<AdamOptions, LevenbergMarquardtOptions, LbfgsOptions, ChainOptions>;

template <class T>
std::unique_ptr<Optimizer<T>> make_optimizer(const AdamOptions& options, Index n_parameters) {
    return std::make_unique<Adam<T>>(options, n_parameters);
}

template <class T>
std::unique_ptr<Optimizer<T>> make_optimizer(const LbfgsOptions& options, Index n_parameters) {
    return std::make_unique<Lbfgs<T>>(options, n_parameters);
}

template <class T>
std::unique_ptr<Optimizer<T>> make_optimizer(const LevenbergMarquardtOptions& options,
                                             Index /*n_parameters*/) {
    if constexpr (std::is_same_v<T, double>) {
        return std::make_unique<LevenbergMarquardt>(options);
    } else {
        throw std::invalid_argument("optimizer: LevenbergMarquardt needs a model of float64");
    }
}

template <class T>
std::unique_ptr<Optimizer<T>> make_optimizer(const ChainOptions& options, Index n_parameters) {
    std::vector<std::unique_ptr<Optimizer<T>>> optimizers;
    optimizers.reserve(options.optimizers.size());
    for (const SingleOptions& single : options.optimizers) {
        optimizers.push_back(std::visit(
            [n_parameters](const auto& of_kind) {
                return make_optimizer<T>(of_kind, n_parameters);
            },
            single));
    }
    return std::make_unique<Chain<T>>(std::move(optimizers), options.epochs);
}

}  // namespace jetmlp::bindings
