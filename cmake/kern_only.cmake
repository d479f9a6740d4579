# EDGEWISE_KERN_ONLY: checkkern and what it needs, without any foreign library, linked statically: so that the
# kernels of another architecture can be built and checked anywhere.

list(FILTER library_sources INCLUDE REGEX "/src/(base|os|tensor|kernels)/")
list(FILTER library_sources EXCLUDE REGEX "/os/topology\\.c$")
file(GLOB kern_sources CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/tests/kern/checkkern*.c ${PROJECT_SOURCE_DIR}/tests/support/amx_t*.c)

find_package(Threads REQUIRED)
add_executable(checkkern ${library_sources} ${kern_sources})
target_include_directories(checkkern PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src
                           ${PROJECT_SOURCE_DIR}/tests/support)
target_link_libraries(checkkern PRIVATE edgewise_flags Threads::Threads m -static)
set_target_properties(checkkern PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
