# The page: web/ and three libraries of npm become one C file, ${PROJECT_BINARY_DIR}/web/page_files.c.
#
#   edgewise_add_page(TARGET)   gives it to the target

find_program(EDGEWISE_NPM npm)
if(EDGEWISE_NPM)
  set(npm_found ON)
else()
  set(npm_found OFF)
endif()
option(EDGEWISE_PAGE "Embed the page that the server shows (needs npm and its registry)" ${npm_found})
if(EDGEWISE_PAGE AND NOT EDGEWISE_NPM)
  message(FATAL_ERROR "EDGEWISE_PAGE needs npm: install it (Debian: nodejs npm), or set EDGEWISE_PAGE=OFF")
elseif(NOT EDGEWISE_PAGE)
  message(STATUS "The page is left out: the server will show how to build it (EDGEWISE_PAGE, docs/page.md)")
endif()

function(edgewise_add_page target)
  set(web ${PROJECT_SOURCE_DIR}/web)
  set(home_tools ${PROJECT_SOURCE_DIR}/models/pocket/tools.json)
  set(out ${PROJECT_BINARY_DIR}/web)
  set(outputs ${out}/page_files.c)
  if(EDGEWISE_PAGE)
    # When the registry cannot be reached this one is not there afterwards, and the next build tries again.
    list(APPEND outputs ${out}/node_modules/.package-lock.json)
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/*.html ${web}/page/*)
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND ${CMAKE_COMMAND} -D web=${web} -D home_tools=${home_tools} -D out=${out}
            -D page=${EDGEWISE_PAGE} -D npm=${EDGEWISE_NPM} -P ${PROJECT_SOURCE_DIR}/cmake/embed_page.cmake
    DEPENDS ${sources} ${home_tools} ${web}/package.json ${web}/package-lock.json
            ${PROJECT_SOURCE_DIR}/cmake/embed_page.cmake
    COMMENT "Embedding the page"
    VERBATIM)
  target_sources(${target} PRIVATE ${out}/page_files.c)
endfunction()
