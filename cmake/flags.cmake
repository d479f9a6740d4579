# What every file of the project is compiled with.
#
#   edgewise_flags       language level, warnings, floating-point rules, sanitizers
#   edgewise_link_flags  the part of them that the linker must see too
#   edgewise_select_isa  drops the other architectures' files and gives each ISA file its own flags

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

# NDEBUG is never defined here: EW_DEBUG is the code's own switch.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(edgewise_link_flags INTERFACE)
add_library(edgewise_flags INTERFACE)
target_link_libraries(edgewise_flags INTERFACE edgewise_link_flags)

target_compile_options(edgewise_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align
  -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wformat=2 -Wswitch-enum -Wpointer-arith
  -Wwrite-strings -Wnull-dereference -Wdouble-promotion
  $<$<C_COMPILER_ID:Clang>:-Wno-unknown-warning-option>
  # The same bits on every machine: no contraction that the source does not spell as fma().
  -ffp-contract=off
  # __FILE__ in messages is relative to the repository, wherever that lies.
  -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

# POSIX.1-2008 everywhere; a file of src/os that needs more asks for it itself.
target_compile_definitions(edgewise_flags INTERFACE
  _POSIX_C_SOURCE=200809L
  $<$<BOOL:${EDGEWISE_DEBUG}>:EW_DEBUG=1>
  $<$<BOOL:${EDGEWISE_HOSTILE}>:EW_HOSTILE=1>)

set(instrumentation)
if(EDGEWISE_SANITIZE)
  list(APPEND instrumentation -fsanitize=${EDGEWISE_SANITIZE} -fno-sanitize-recover=all)
  target_compile_options(edgewise_flags INTERFACE -fno-omit-frame-pointer)
endif()
if(EDGEWISE_FUZZ)
  list(APPEND instrumentation -fsanitize=fuzzer-no-link)
endif()
if(EDGEWISE_COVER)
  list(APPEND instrumentation --coverage)
  target_compile_options(edgewise_flags INTERFACE -O1)
endif()

if(instrumentation)
  # Instrumentation makes gcc's flow analysis see paths that do not exist: no warning fails such a build.
  target_compile_options(edgewise_flags INTERFACE ${instrumentation})
  target_link_options(edgewise_link_flags INTERFACE ${instrumentation})
else()
  target_compile_options(edgewise_flags INTERFACE $<$<BOOL:${EDGEWISE_WERROR}>:-Werror>)
  target_compile_options(edgewise_flags INTERFACE -fstack-protector-strong)
  target_link_options(edgewise_link_flags INTERFACE -Wl,-z,relro,-z,now -Wl,--no-undefined)
endif()

# ---- instruction sets: the file name's last part names the flags ----

set(isa_avx2 -mavx2 -mfma -mf16c -mbmi2)
set(isa_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mfma -mf16c -mprefer-vector-width=512)
set(isa_vnni ${isa_avx512} -mavx512vnni)
set(isa_amx ${isa_vnni} -mavx512bf16 -mamx-tile -mamx-int8 -mamx-bf16)
set(isa_neon)
set(isa_dotprod -march=armv8.2-a+dotprod)
set(isa_i8mm -march=armv8.2-a+dotprod+i8mm)

function(edgewise_select_isa list_name)
  set(sources ${${list_name}})
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    list(FILTER sources EXCLUDE REGEX "/kernels/arm/|_(neon|dotprod|i8mm)\\.c$")
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    list(FILTER sources EXCLUDE REGEX "/kernels/x86/|_(avx2|avx512|vnni|amx)\\.c$")
  else()
    list(FILTER sources EXCLUDE REGEX "/kernels/(x86|arm)/|_(avx2|avx512|vnni|amx|neon|dotprod|i8mm)\\.c$")
  endif()
  foreach(source IN LISTS sources)
    if(source MATCHES "_(avx2|avx512|vnni|amx|neon|dotprod|i8mm)\\.c$")
      set(options ${isa_${CMAKE_MATCH_1}})
      # Instrumented, the unrolled bodies of these files take minutes to compile. Their accesses are watched
      # by checkkern's guard pages and poison instead, and whole models run at level scalar, instrumented.
      if(EDGEWISE_SANITIZE AND source MATCHES "/qmatmul_[a-z0-9]+\\.c$" OR
         EDGEWISE_SANITIZE MATCHES "address" AND NOT source MATCHES "_amx\\.c$")
        list(APPEND options -fno-sanitize=all)
      endif()
      # Frames that AddressSanitizer moves to the heap are not aligned to 64 (GCC's PR 110027), and what is
      # written whole to the stack by vectors of that size ends in a fault.
      if(EDGEWISE_SANITIZE MATCHES "address" AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND
         source MATCHES "_amx\\.c$")
        list(APPEND options --param=asan-use-after-return=0)
      endif()
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${options}")
    elseif(EDGEWISE_SANITIZE STREQUAL "thread" AND source MATCHES "/kernels/ref/")
      # One number at a time, each access watched, is a hundred times slower. Whose rows a thread works on
      # is the same for all kernels, and the wide ones are watched.
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -fno-sanitize=thread)
    endif()
  endforeach()
  set(${list_name} ${sources} PARENT_SCOPE)
endfunction()
