#include "least_squares.hpp"

#include <jetmlp/residuals.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace jetmlp {

struct Residuals::Workspace {
    explicit Workspace(const Objective<double>& objective)
        : problem(objective),
          residuals(static_cast<std::size_t>(problem.n_residuals())),
          order(residuals.size()) {
        const std::vector<Index>& entries = problem.layout().entries();
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(), [&entries](std::size_t one, std::size_t other) {
            return entries[one] < entries[other];
        });
    }

    void evaluate(const double* parameters) { problem.evaluate(parameters, residuals.data()); }

    LeastSquares problem;
    std::vector<double> residuals;
    std::vector<std::size_t> order;  // of the residuals by their entries in the data
};

Residuals::Residuals(const Objective<double>& objective)
    : workspace_(std::make_unique<Workspace>(objective)) {}
Residuals::~Residuals() = default;

Index Residuals::size() const { return workspace_->problem.n_residuals(); }

void Residuals::evaluate(const double* parameters, double* residuals) {
    workspace_->evaluate(parameters);
    for (const std::size_t at : workspace_->order) {
        *residuals++ = workspace_->residuals[at];
    }
}

void Residuals::jacobian(const double* parameters, double* jacobian) {
    Workspace& work = *workspace_;
    const Index n_parameters = work.problem.n_parameters();
    work.evaluate(parameters);
    work.problem.linearize(parameters);
    std::vector<double> rows(work.residuals.size() * static_cast<std::size_t>(n_parameters));
    work.problem.jacobian(rows.data());
    for (const std::size_t at : work.order) {
        jacobian = std::copy_n(rows.data() + static_cast<Index>(at) * n_parameters, n_parameters,
                               jacobian);
    }
}

void Residuals::gram(const double* parameters, double* gram, Execution& execution) {
    Workspace& work = *workspace_;
    work.evaluate(parameters);
    work.problem.linearize(parameters);
    SymmetricMatrix matrix;
    work.problem.gram(matrix, execution);
    for (const std::size_t row : work.order) {
        for (const std::size_t column : work.order) {
            *gram++ = matrix.row(static_cast<Index>(std::min(row, column)))[std::max(row, column)];
        }
    }
}

}  // namespace jetmlp
