# A file becomes C: edgewise_embed(TARGET FILE NAME) gives the target `const uint8_t NAME[]` and
# `const size_t NAME_bytes`.
# Of JSON, line breaks and indentation stay in the source.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  function(edgewise_embed target file name)
    set(out ${PROJECT_BINARY_DIR}/embedded/${name}.c)
    add_custom_command(
      OUTPUT ${out}
      COMMAND ${CMAKE_COMMAND} -D file=${file} -D name=${name} -D out=${out}
              -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
      DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
      COMMENT "Embedding ${file}"
      VERBATIM)
    target_sources(${target} PRIVATE ${out})
  endfunction()
  return()
endif()

if(file MATCHES "\\.json$")
  file(READ ${file} text)
  string(REGEX REPLACE "\n *" "" text "${text}")
  file(WRITE ${out}.json "${text}")
  file(READ ${out}.json bytes HEX)
else()
  file(READ ${file} bytes HEX)
endif()
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REPEAT "0x..," 20 line)
string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
file(WRITE ${out}
     "/* Made by cmake/embed.cmake. */\n#include <stddef.h>\n#include <stdint.h>\n\n"
     "extern const uint8_t ${name}[];\nextern const size_t ${name}_bytes;\n\n"
     "const uint8_t ${name}[] = {\n${bytes}};\n"
     "const size_t ${name}_bytes = sizeof ${name};\n")
