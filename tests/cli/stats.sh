# Figures of requests: what is said where there are none, of files that are none, and of times that are none.
edgewise stats
echo "$?"
edgewise stats --file absent.db --json
echo "$?"
echo 'a text that is longer than the sixteen bytes of the magic number of a database' >text.db
edgewise stats --file text.db
echo "$?"
for since in 7 d -1h 1y 1hh 99999999999h ''; do
    edgewise stats --since "$since" 2>/dev/null
    [ $? -eq 2 ] || echo "--since '$since' is taken"
done
edgewise serve --stats-file a.db --no-stats
echo "$?"
ls
