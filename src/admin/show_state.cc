#include "admin/show_table.h"
#include "admin/version.h"

namespace uvb {
namespace {

constexpr std::array<ConsoleColumn, 1> kVersionColumns = {{{"version"}}};
constexpr std::array<ConsoleColumn, 2> kStateColumns = {{{"key"}, {"value"}}};

std::vector<ConsoleRow> version_rows(const ShowContext&) { return {{text_cell(kVersionText)}}; }

std::vector<ConsoleRow> state_rows(const ShowContext& context) {
  const ProcessState state = context.host.state();
  const auto yes_if = [state](ProcessState wanted) { return text_cell(state == wanted ? "yes" : "no"); };
  return {{text_cell("active"), yes_if(ProcessState::active)},
          {text_cell("paused"), yes_if(ProcessState::paused)},
          {text_cell("suspended"), yes_if(ProcessState::suspended)}};
}

}  // namespace

constinit const ShowTable kShowVersion{kVersionColumns, version_rows};
constinit const ShowTable kShowState{kStateColumns, state_rows};

}  // namespace uvb
