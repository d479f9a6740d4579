# Run by the build: lays the page's files together in ${out}/site, as the server shows them, and writes them
# as C to ${out}/page_files.c. Without npm or its registry the site is one page that says so.
cmake_minimum_required(VERSION 3.25)

# ---- libraries: exactly what package-lock.json says ----

set(installed ${out}/node_modules/.package-lock.json)

function(fetch_libraries)
  if(EXISTS ${installed} AND NOT ${web}/package-lock.json IS_NEWER_THAN ${installed})
    return()
  endif()
  file(COPY ${web}/package.json ${web}/package-lock.json DESTINATION ${out})
  execute_process(
    COMMAND ${npm} ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --prefer-offline
            --fetch-retries=1 --loglevel=error
    WORKING_DIRECTORY ${out} RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE why)
  if(failed)
    file(REMOVE_RECURSE ${out}/node_modules)
    message(WARNING "The page is left out, because npm could not fetch its libraries; the next build tries "
                    "again. To leave it out for good: cmake -D EDGEWISE_PAGE=OFF.\n${why}")
  endif()
endfunction()

# ---- site ----

# Comments with lines of their own, and indentation, stay in the source; of style sheets, most blanks.
function(strip_comments name)
  set(text "\n${${name}}")
  string(REGEX REPLACE "\n *//[^\n]*" "" text "${text}")
  string(REGEX REPLACE "\n */\\*[^*]*\\*+([^/*][^*]*\\*+)*/" "" text "${text}")
  string(REGEX REPLACE "\n[ \n]+" "\n" text "${text}")
  if(script MATCHES "css$")
    string(REGEX REPLACE "[ \n]*([{};,])[ \n]*" "\\1" text "${text}")
    string(REPLACE ": " ":" text "${text}")
    string(REPLACE ";}" "}" text "${text}")
  endif()
  string(STRIP "${text}" text)
  set(${name} "${text}" PARENT_SCOPE)
endfunction()

function(lay_out_site)
  file(REMOVE_RECURSE ${out}/site)
  if(NOT EXISTS ${installed})
    file(COPY_FILE ${web}/unbuilt.html ${out}/site.html)
    file(MAKE_DIRECTORY ${out}/site)
    file(RENAME ${out}/site.html ${out}/site/index.html)
    return()
  endif()
  file(COPY ${web}/index.html ${web}/page DESTINATION ${out}/site)
  file(COPY ${home_tools} DESTINATION ${out}/site/page)
  set(total 0)
  file(GLOB scripts ${out}/site/page/*.js ${out}/site/page/*.css)
  foreach(script IN LISTS scripts)
    file(READ ${script} text)
    strip_comments(text)
    file(WRITE ${script} "${text}\n")
    file(SIZE ${script} size)
    math(EXPR total "${total} + ${size}")
  endforeach()
  if(total GREATER 61440)
    message(FATAL_ERROR "web/page: ${total} bytes of scripts and style sheets: keep them within 61440")
  endif()
  file(MAKE_DIRECTORY ${out}/site/page/lib)
  foreach(pair
          marked/lib/marked.esm.js:marked.js marked/LICENSE:marked.txt
          dompurify/dist/purify.es.mjs:dompurify.js dompurify/LICENSE:dompurify.txt
          uplot/dist/uPlot.esm.js:uplot.js uplot/dist/uPlot.min.css:uplot.css uplot/LICENSE:uplot.txt)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 from)
    list(GET pair 1 to)
    # Without the line that names a source map, which is not there.
    file(READ ${out}/node_modules/${from} text)
    string(REGEX REPLACE "\n//# sourceMappingURL=[^\n]*" "" text "${text}")
    file(WRITE ${out}/site/page/lib/${to} "${text}")
  endforeach()
endfunction()

# ---- C ----

set(type_html "text/html; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_json "application/json")
set(type_svg "image/svg+xml")
set(type_txt "text/plain; charset=utf-8")

function(write_c)
  file(GLOB_RECURSE files RELATIVE ${out}/site ${out}/site/*)
  set(arrays)
  set(table)
  set(n 0)
  list(TRANSFORM files PREPEND /)
  list(TRANSFORM files REPLACE "^/index\\.html$" "/")
  list(SORT files)
  foreach(path IN LISTS files)
    string(REGEX REPLACE "^/$" "/index.html" name ${path})
    cmake_path(GET name EXTENSION LAST_ONLY extension)
    string(SUBSTRING ${extension} 1 -1 extension)
    if(NOT DEFINED type_${extension})
      message(FATAL_ERROR "web${name}: embed_page.cmake knows no content type for .${extension}")
    endif()
    file(READ ${out}/site${name} bytes HEX)
    file(SHA256 ${out}/site${name} digest)
    file(SIZE ${out}/site${name} size)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(REPEAT "0x..," 20 line)
    string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
    string(APPEND arrays "static const uint8_t file_${n}[] = {\n${bytes}};\n\n")
    string(APPEND table
           "    {\"${path}\", \"${type_${extension}}\", \"\\\"${digest}\\\"\", file_${n}, ${size}},\n")
    math(EXPR n "${n} + 1")
  endforeach()
  file(WRITE ${out}/page_files.c
       "/* Made by cmake/embed_page.cmake. */\n#include \"serve/page.h\"\n\n${arrays}"
       "const ewi_page_file ewi_page_files[] = {\n${table}};\nconst size_t ewi_page_n_files = ${n};\n")
endfunction()

if(page)
  fetch_libraries()
endif()
lay_out_site()
write_c()
