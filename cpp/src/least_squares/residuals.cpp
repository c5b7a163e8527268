#include "least_squares/least_squares.hpp"

#include <jetmlp/least_squares/residuals.hpp>
#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

namespace jetmlp {

ResidualCount count_residuals(const Objective<double>& objective) {
    const ResidualSizes sizes = sizes_of(objective);
    return {sizes.errors, sizes.penalties};
}

struct Residuals::Workspace {
    explicit Workspace(const Objective<double>& objective)
        : problem(objective),
          numbers(zeros_in_parts<std::vector<double>>(count_of(problem.n_residuals(), 1))),
          order(zeros_in_parts<std::vector<std::size_t>>(numbers.size())) {
        const std::vector<Index>& entries = problem.layout().entries();
        std::iota(order.begin(), order.end(), std::size_t{0});
        // The penalty's stand behind already.
        std::sort(order.begin(), order.begin() + problem.layout().n_errors(),
                  [&entries](std::size_t one, std::size_t other) {
                      return entries[one] < entries[other];
                  });
    }

    void linearize(const double* parameters, Execution& execution) {
        if (!linearized_at.empty() &&
            equal_in_parts(linearized_at, std::span(parameters, linearized_at.size()))) {
            return;
        }
        linearized_at.clear();  // if interrupted there is nothing to go by
        problem.evaluate(parameters, numbers.data(), execution);
        problem.linearize(parameters, execution);
        assign_in_parts(parameters, problem.n_parameters(), linearized_at);
    }

    // visit(at) for every residual, in the order of its entry.
    template <class Visit>
    void in_order(const Visit& visit) const {
        in_parts(static_cast<Index>(order.size()), [&](Index first, Index last) {
            std::for_each(order.begin() + first, order.begin() + last, visit);
        });
    }

    LeastSquares problem;
    std::vector<double> numbers;     // one for each residual, in the order of the layout
    std::vector<std::size_t> order;  // of the residuals by their entries in the data
    std::vector<double> linearized_at;
};

Residuals::Residuals(const Objective<double>& objective)
    : workspace_(std::make_unique<Workspace>(objective)) {}
Residuals::~Residuals() = default;

double Residuals::bytes(const Objective<double>& objective) {
    return LeastSquares::bytes(objective.architecture(), sizes_of(objective));
}

Index Residuals::size() const { return workspace_->problem.n_residuals(); }
Index Residuals::n_parameters() const { return workspace_->problem.n_parameters(); }

void Residuals::evaluate(const double* parameters, double* residuals, Execution& execution) {
    Workspace& work = *workspace_;
    work.problem.evaluate(parameters, work.numbers.data(), execution);
    work.in_order([&](std::size_t at) { *residuals++ = work.numbers[at]; });
}

void Residuals::jacobian(const double* parameters, double* jacobian, Execution& execution) {
    Workspace& work = *workspace_;
    work.linearize(parameters, execution);
    auto rows = zeros_in_parts<std::vector<double>>(count_of(size(), n_parameters()));
    work.problem.jacobian(rows.data(), execution);
    for (const std::size_t at : work.order) {
        const double* const row = rows.data() + static_cast<Index>(at) * n_parameters();
        in_parts(n_parameters(), [row, jacobian](Index first, Index last) {
            std::copy(row + first, row + last, jacobian + first);
        });
        jacobian += n_parameters();
        poll_here();
    }
}

void Residuals::gram(const double* parameters, double* gram, Execution& execution) {
    Workspace& work = *workspace_;
    work.linearize(parameters, execution);
    SymmetricMatrix matrix;
    work.problem.gram(matrix, execution);
    for (const std::size_t row : work.order) {
        poll_here();
        for (const std::size_t column : work.order) {
            *gram++ = matrix.row(static_cast<Index>(std::min(row, column)))[std::max(row, column)];
        }
    }
}

void Residuals::jacobian_product(const double* parameters, const double* direction, double* product,
                                 Execution& execution) {
    Workspace& work = *workspace_;
    work.linearize(parameters, execution);
    work.problem.push_forward(direction, work.numbers.data(), execution);
    work.in_order([&](std::size_t at) { *product++ = work.numbers[at]; });
}

void Residuals::jacobian_transpose_product(const double* parameters, const double* weights,
                                           double* product, Execution& execution) {
    Workspace& work = *workspace_;
    work.linearize(parameters, execution);
    work.in_order([&](std::size_t at) { work.numbers[at] = *weights++; });
    work.problem.pull_back(work.numbers.data(), product, execution);
}

}  // namespace jetmlp
