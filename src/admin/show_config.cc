#include "admin/show_table.h"
#include "config/option_table.h"

namespace uvb {
namespace {

struct Item {
  const Option& option;
  const Settings& settings;
};

constexpr std::array<Field<Item>, 4> kFields = {{
    {"key", ColumnType::text, [](const Item& item) { return text_cell(item.option.name); }},
    {"value", ColumnType::text, [](const Item& item) -> Cell { return show_option(item.settings, item.option); }},
    {"default", ColumnType::text,
     [](const Item& item) -> Cell {
       const auto& text = item.option.default_text;
       return text ? text_cell(*text) : std::nullopt;
     }},
    {"changeable", ColumnType::text, [](const Item& item) { return text_cell(item.option.reloadable ? "yes" : "no"); }},
}};
constexpr auto kColumns = columns_of(kFields);

std::vector<ConsoleRow> rows(const ShowContext& context) {
  std::vector<Item> items;
  for (const Option& option : options()) items.push_back({option, context.config.settings});
  return rows_of(kFields, items);
}

}  // namespace

constinit const ShowTable kShowConfig{kColumns, rows};

}  // namespace uvb
