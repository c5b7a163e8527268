#include "least_squares/least_squares.hpp"

#include <jetmlp/least_squares/residuals.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace jetmlp {

Index count_residuals(const Objective<double>& objective) {
    return layout_of(objective).n_residuals();
}

struct Residuals::Workspace {
    explicit Workspace(const Objective<double>& objective)
        : problem(objective),
          residuals(static_cast<std::size_t>(problem.n_residuals())),
          order(residuals.size()) {
        const std::vector<Index>& entries = problem.layout().entries();
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::sort(order, [&entries](std::size_t one, std::size_t other) {
            return entries[one] < entries[other];
        });
    }

    void evaluate(const double* parameters, Execution& execution) {
        problem.evaluate(parameters, residuals.data(), execution);
    }

    LeastSquares problem;
    std::vector<double> residuals;
    std::vector<std::size_t> order;  // of the residuals by their entries in the data
};

Residuals::Residuals(const Objective<double>& objective)
    : workspace_(std::make_unique<Workspace>(objective)) {}
Residuals::~Residuals() = default;

void Residuals::evaluate(const double* parameters, double* residuals, Execution& execution) {
    workspace_->evaluate(parameters, execution);
    for (const std::size_t at : workspace_->order) {
        *residuals++ = workspace_->residuals[at];
    }
}

void Residuals::jacobian(const double* parameters, double* jacobian, Execution& execution) {
    Workspace& work = *workspace_;
    const Index n_parameters = work.problem.n_parameters();
    work.evaluate(parameters, execution);
    work.problem.linearize(parameters, execution);
    std::vector<double> rows(work.residuals.size() * static_cast<std::size_t>(n_parameters));
    work.problem.jacobian(rows.data(), execution);
    for (const std::size_t at : work.order) {
        jacobian = std::copy_n(rows.data() + static_cast<Index>(at) * n_parameters, n_parameters,
                               jacobian);
    }
}

void Residuals::gram(const double* parameters, double* gram, Execution& execution) {
    Workspace& work = *workspace_;
    work.evaluate(parameters, execution);
    work.problem.linearize(parameters, execution);
    SymmetricMatrix matrix;
    work.problem.gram(matrix, execution);
    for (const std::size_t row : work.order) {
        for (const std::size_t column : work.order) {
            *gram++ = matrix.row(static_cast<Index>(std::min(row, column)))[std::max(row, column)];
        }
    }
}

}  // namespace jetmlp
