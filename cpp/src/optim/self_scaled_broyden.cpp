#include "linear_algebra/sums.hpp"
#include "linear_algebra/symmetric_update.hpp"
#include "network/names.hpp"

#include <jetmlp/optim/self_scaled_broyden.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace jetmlp {

namespace {

// H⁺ = (H − Hy yᵀH / yᵀHy + φ yᵀHy v vᵀ) / τ + s sᵀ / sᵀy,  v = s / sᵀy − Hy / yᵀHy
struct Scaling {
    double tau;
    double phi;
};

// With B = H⁻¹, so that Bs = −αg:  b = sᵀBs / sᵀy,  h = yᵀHy / sᵀy, and bh ≥ 1.
Scaling choose_scaling(BroydenUpdate update, double b, double h, bool first, Index n_parameters) {
    const double a = std::max(b * h - 1.0, 0.0);
    double theta = 0.0;  // that of BFGS
    if (update == BroydenUpdate::broyden) {
        const double rho = std::min(1.0, h * (1.0 - std::sqrt(a / (1.0 + a))));
        const double least = rho < 1.0 ? (rho - 1.0) / a : 0.0;  // −∞ at a = 0
        theta = std::max(least, std::min(1.0 / rho, (1.0 - b) / b));
    }
    const double sigma = 1.0 + theta * a;
    double tau = 0.0;
    if (first) {  // H is the identity, of no scale in particular: that of the Hessian along y
        tau = h / sigma;
    } else {
        const double scale = std::min(1.0, 1.0 / b);
        if (update == BroydenUpdate::bfgs) {
            tau = scale;
        } else {
            const double root = std::pow(sigma, 1.0 / static_cast<double>(1 - n_parameters));
            tau =
                theta <= 0.0 ? std::min(scale * root, sigma) : scale * std::min(root, 1.0 / theta);
        }
    }
    return {tau, (1.0 - theta) / sigma};
}

}  // namespace

BroydenUpdate broyden_update_from_name(std::string_view name) {
    return from_name<BroydenUpdate>("update", name, broyden_update_names);
}

std::vector<Setting> SelfScaledBroydenOptions::settings() {
    return with_stopping(
        {setting("update",
                 [this](const std::string& name) { update = broyden_update_from_name(name); }),
         setting("sufficient_decrease", conditions.sufficient_decrease),
         setting("curvature", conditions.curvature)},
        stopping);
}

std::unique_ptr<Optimizer<float>> SelfScaledBroydenOptions::make_single(
    Index /*n_parameters*/) const {
    throw std::invalid_argument(
        "optimizer: expected a model of dtype='float64' for SelfScaledBroyden, got float32");
}

std::unique_ptr<Optimizer<double>> SelfScaledBroydenOptions::make_double(Index n_parameters) const {
    if (n_parameters > most_parameters) {
        throw std::invalid_argument("optimizer: expected a model of at most " +
                                    std::to_string(most_parameters) +
                                    " parameters for SelfScaledBroyden, which keeps a matrix of "
                                    "their square, got " +
                                    std::to_string(n_parameters) + "; LBFGS takes any number");
    }
    return std::make_unique<SelfScaledBroyden>(*this, n_parameters);
}

// The update of a step waits for the next, whose pass over the matrix makes it.
struct SelfScaledBroyden::Workspace {
    // Makes the update that waits; products are H y and H g.
    void multiply(const std::vector<double>* y, const std::vector<double>& g,
                  Execution& execution) {
        if (y != nullptr) {
            std::ranges::copy(*y, factors[0].begin());
        } else {
            std::ranges::fill(factors[0], 0.0);
        }
        std::ranges::copy(g, factors[1].begin());
        product.run(inverse_hessian, update, factors, products, execution);
        update.scale = 1.0;
        update.ss = update.su = update.uu = 0.0;
    }

    // Makes room for a matrix that is not the identity any more.
    void resize(std::size_t n) {
        inverse_hessian.resize(static_cast<Index>(n));
        const auto stride = static_cast<std::size_t>(inverse_hessian.stride);
        update.s.assign(stride, 0.0);
        update.u.assign(stride, 0.0);
        for (SymmetricProduct::Pair* const pair : {&factors, &products}) {
            for (Buffer<double>& each : *pair) {
                each.assign(stride, 0.0);
            }
        }
        direction.resize(n);
    }

    bool is_identity = true;  // and none has been written down
    SymmetricMatrix inverse_hessian;
    SymmetricUpdate update;
    SymmetricProduct product;
    SymmetricProduct::Pair factors;
    SymmetricProduct::Pair products;
    std::vector<double> asked;      // the gradient that `direction` is for
    std::vector<double> direction;  // −H⁺ g, of H with the update that waits
};

SelfScaledBroyden::SelfScaledBroyden(const SelfScaledBroydenOptions& options, Index n_parameters)
    : QuasiNewton<double>(options.conditions, options.stopping, n_parameters),
      update_(options.update),
      workspace_(std::make_unique<Workspace>()) {}
SelfScaledBroyden::~SelfScaledBroyden() = default;

double SelfScaledBroyden::workspace_bytes(const Objective<double>& objective,
                                          Index /*batch_size*/) const {
    const auto n = static_cast<double>(objective.architecture().n_parameters());
    return static_cast<double>(sizeof(double)) * n *
           (n + 64.0);  // the matrix, and sums of its rows
}

bool SelfScaledBroyden::knows_curvature() const { return !workspace_->is_identity; }

void SelfScaledBroyden::forget() { workspace_->is_identity = true; }

void SelfScaledBroyden::find_direction(const std::vector<double>& gradient,
                                       std::vector<double>& direction, Execution& execution) {
    Workspace& work = *workspace_;
    const std::size_t size = gradient.size();
    if (work.is_identity) {
        for (std::size_t i = 0; i < size; ++i) {
            direction[i] = -gradient[i];
        }
        return;
    }
    if (gradient != work.asked) {  // other data than those of the last step
        work.multiply(nullptr, gradient, execution);
        work.asked = gradient;
        for (std::size_t i = 0; i < size; ++i) {
            work.direction[i] = -work.products[1][i];
        }
    }
    direction = work.direction;
}

void SelfScaledBroyden::learn(const Step& step, Execution& execution) {
    Workspace& work = *workspace_;
    const auto n = static_cast<Index>(step.step.size());
    const bool first = work.is_identity;
    if (first) {
        work.resize(step.step.size());
        for (Index i = 0; i < n; ++i) {
            work.inverse_hessian.row(i)[i] = 1.0;
        }
        work.update.scale = 1.0;
        work.update.ss = work.update.su = work.update.uu = 0.0;
        work.is_identity = false;
    }
    work.multiply(&step.difference, step.gradient, execution);
    const Buffer<double>& u = work.products[0];  // H y
    const double sy = step.inner_product;
    const double yhy = inner_product(n, step.difference.data(), u.data());
    const double b = step.curvature_expected / sy;
    if (!(yhy > 0.0) || !(b > 0.0) || !std::isfinite(yhy)) {  // rounding has made H indefinite
        work.is_identity = true;
        return;
    }
    const auto [tau, phi] = choose_scaling(update_, b, yhy / sy, first, n);
    SymmetricUpdate& update = work.update;
    update.scale = 1.0 / tau;
    update.ss = phi * yhy / (tau * sy * sy) + 1.0 / sy;
    update.su = -phi / (tau * sy);
    update.uu = (phi - 1.0) / (tau * yhy);
    std::ranges::copy(step.step, update.s.begin());
    std::ranges::copy(u, update.u.begin());
    // H⁺ g from H g, without another pass.
    const double s_g = inner_product(n, update.s.data(), step.gradient.data());
    const double u_g = inner_product(n, update.u.data(), step.gradient.data());
    const double of_s = update.ss * s_g + update.su * u_g;
    const double of_u = update.su * s_g + update.uu * u_g;
    for (std::size_t i = 0; i < step.step.size(); ++i) {
        work.direction[i] =
            -(update.scale * work.products[1][i] + of_s * update.s[i] + of_u * update.u[i]);
    }
    work.asked = step.gradient;
}

// Of the matrix the upper triangle, row by row.
void SelfScaledBroyden::visit_learned(StateVisitor& state) {
    Workspace& work = *workspace_;
    const std::size_t n = state.n_parameters();
    state.visit("is_identity", work.is_identity);
    if (work.is_identity) {
        return;
    }
    std::vector<double> triangle;
    if (state.restores()) {
        work.resize(n);
    } else {
        for (std::size_t i = 0; i < n; ++i) {
            const double* const row = work.inverse_hessian.row(static_cast<Index>(i));
            triangle.insert(triangle.end(), row + i, row + n);
        }
    }
    state.visit("inverse_hessian", triangle, n * (n + 1) / 2);
    const double* from = triangle.data();
    for (std::size_t i = 0; i < n; ++i) {
        double* const row = work.inverse_hessian.row(static_cast<Index>(i));
        std::copy(from, from + (n - i), row + i);
        from += n - i;
    }
    state.visit("update.scale", work.update.scale);
    state.visit("update.ss", work.update.ss);
    state.visit("update.su", work.update.su);
    state.visit("update.uu", work.update.uu);
    for (auto [name, vector] :
         {std::pair{"update.s", &work.update.s}, {"update.u", &work.update.u}}) {
        const std::size_t padded = vector->size();
        vector->resize(n);  // without the padding, which is zero
        state.visit(name, *vector, n);
        vector->resize(padded, 0.0);
    }
    state.visit("asked", work.asked, n);
    state.visit("direction", work.direction, n);
}

}  // namespace jetmlp
