// Fits Runge's function f(x) = 1/(1 + 25x²) and its derivative with the core alone.
#include <jetmlp/network/initialization.hpp>
#include <jetmlp/optim/adam.hpp>
#include <jetmlp/optim/trainer.hpp>
#include <jetmlp/predict/predict.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

struct Samples {
    std::vector<float> x;
    std::vector<float> f;
    std::vector<float> derivative;
};

// `count` equispaced points of [−1, 1], with f and f′ = −50x f².
Samples runge(int count) {
    Samples samples;
    for (int i = 0; i < count; ++i) {
        const double x = -1.0 + 2.0 * i / (count - 1);
        const double f = 1.0 / (1.0 + 25.0 * x * x);
        samples.x.push_back(static_cast<float>(x));
        samples.f.push_back(static_cast<float>(f));
        samples.derivative.push_back(static_cast<float>(-50.0 * x * f * f));
    }
    return samples;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
    double largest = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
    }
    return largest;
}

}  // namespace

int main() {
    using namespace jetmlp;
    const Architecture architecture({1, 64, 64, 1}, activation_from_name("tanh"),
                                    activation_from_name("identity"));
    const auto n_parameters = static_cast<std::size_t>(architecture.n_parameters());
    std::vector<float> parameters(n_parameters);
    initialize(architecture, initialization_from_name("fan_in_uniform"), /*seed=*/0,
               parameters.data());

    const Samples training = runge(256);
    Objective<float> objective(
        architecture,
        Dataset<float>(256, 1, 1, training.x.data(),
                       {{{{training.f.data()}, {training.derivative.data()}}}}),
        LossWeights{});
    Trainer<float> trainer(AdamOptions().make<float>(architecture.n_parameters()),
                           TrainerOptions{});
    std::vector<EpochRecord> records;
    Execution execution(/*n_threads=*/1);
    FitRequest<float> request;
    request.n_epochs = 1200;
    request.learning_rate = [](std::uint64_t) { return 1e-3; };
    const FitEnd end = trainer.fit(objective, nullptr, request, parameters, records, execution);
    if (end != FitEnd::epochs) {
        const std::string word(name_of(end));
        std::printf("the fit ended otherwise: %s\n", word.c_str());
        return EXIT_FAILURE;
    }

    const Samples dense = runge(2001);
    std::vector<float> values(dense.x.size());
    std::vector<float> jacobian(dense.x.size());
    predict(architecture, parameters.data(), 2001, dense.x.data(), values.data(), jacobian.data(),
            execution);
    const double value_error = largest_difference(values, dense.f);
    const double derivative_error = largest_difference(jacobian, dense.derivative);
    std::printf("loss after %zu epochs: %.3e\n", records.size(), records.back().training.total);
    std::printf("largest error on 2001 points: value %.3e, derivative %.3e\n", value_error,
                derivative_error);
    return value_error < 1e-2 && derivative_error < 1e-1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
