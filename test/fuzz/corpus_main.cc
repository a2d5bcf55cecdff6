// Runs a fuzz target without libFuzzer, so that `make check` covers it with every compiler and sanitizer: each file of
// its corpus once, then inputs derived from them by a fixed random sequence.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

using Input = std::vector<std::uint8_t>;
using Random = std::minstd_rand;

constexpr std::size_t kDerivedInputs = 20000;
constexpr std::size_t kLongestRandomInput = 512;
constexpr std::chrono::seconds kTimeForDerived{3};

Input read_file(const std::filesystem::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  const std::string text = content.str();
  return Input(text.begin(), text.end());
}

std::vector<Input> read_corpus(const std::vector<std::filesystem::path>& directories) {
  std::vector<std::filesystem::path> paths;
  for (const auto& directory : directories) {
    if (!std::filesystem::exists(directory)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Input> corpus;
  for (const auto& path : paths) corpus.push_back(read_file(path));
  return corpus;
}

std::size_t below(Random& random, std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

std::uint8_t any_byte(Random& random) { return static_cast<std::uint8_t>(below(random, 256)); }

void change_once(Input& input, Random& random) {
  if (input.empty()) {
    input.push_back(any_byte(random));
    return;
  }
  const std::size_t at = below(random, input.size());
  const auto here = input.begin() + static_cast<std::ptrdiff_t>(at);
  switch (below(random, 5)) {
    case 0: input[at] = any_byte(random); break;
    case 1: input[at] = static_cast<std::uint8_t>(input[at] ^ (1U << below(random, 8))); break;
    case 2: input.insert(here, any_byte(random)); break;
    case 3: input.erase(here); break;
    default: input.resize(at); break;
  }
}

Input derive(const std::vector<Input>& corpus, Random& random) {
  if (corpus.empty() || below(random, 8) == 0) {
    Input input(below(random, kLongestRandomInput));
    for (auto& byte : input) byte = any_byte(random);
    return input;
  }
  Input input = corpus[below(random, corpus.size())];
  for (std::size_t changes = 1 + below(random, 8); changes > 0; --changes) change_once(input, random);
  return input;
}

std::size_t run_derived(const std::vector<Input>& corpus) {
  Random random(20261122);
  const auto end = std::chrono::steady_clock::now() + kTimeForDerived;
  std::size_t count = 0;
  while (count < kDerivedInputs && std::chrono::steady_clock::now() < end) {
    const Input input = derive(corpus, random);
    LLVMFuzzerTestOneInput(input.data(), input.size());
    ++count;
  }
  return count;
}

/// The corpus of TARGET_fuzz is test/fuzz/corpus/TARGET, unless directories are given.
std::vector<std::filesystem::path> corpus_directories(int argc, char** argv) {
  if (argc > 1) return {argv + 1, argv + argc};
  const char* source = std::getenv("UVB_SOURCE_DIR");
  std::string name = std::filesystem::path(argv[0]).filename().string();
  name.resize(name.rfind("_fuzz") == std::string::npos ? name.size() : name.rfind("_fuzz"));
  return {std::filesystem::path(source == nullptr ? UVB_SOURCE_DIR : source) / "test/fuzz/corpus" / name};
}

}  // namespace

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  const std::vector<Input> corpus = read_corpus(corpus_directories(argc, argv));
  for (const Input& input : corpus) LLVMFuzzerTestOneInput(input.data(), input.size());
  const std::size_t derived = run_derived(corpus);
  std::printf("%zu inputs of the corpus, %zu derived inputs\n", corpus.size(), derived);
  return 0;
}
