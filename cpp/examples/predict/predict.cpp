// Predicts with a model that Python saved: predict MODEL X1 X2 … prints the values at one point,
// and behind each its derivatives along the inputs.
#include <jetmlp/models/model.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

int main(int argc, char** argv) {
    try {
        const jetmlp::Model model = jetmlp::load_model(argc > 1 ? argv[1] : "model.safetensors");
        std::vector<double> x;
        for (int k = 2; k < argc; ++k) {
            x.push_back(std::strtod(argv[k], nullptr));
        }
        const auto [values, jacobian] = model.predict(x);
        for (std::size_t o = 0; o < values.size(); ++o) {
            std::printf("%.17g", values[o]);
            for (std::size_t k = 0; k < x.size(); ++k) {
                std::printf(" %.17g", jacobian[o * x.size() + k]);
            }
            std::printf("\n");
        }
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "predict: %s\n", error.what()));
        return EXIT_FAILURE;
    }
}
