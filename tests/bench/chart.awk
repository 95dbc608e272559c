# Draws a bar chart (SVG) of what the commands took for one question.
#
#   awk -f chart.awk -v out=chart.svg -v load=descriptors -v question='who holds ...' \
#       -v title=... -v among=... -v user=... -v machine=... -v versions=... results.tsv
#
# Reads measure's rows: load, question, label, median, min, max, ratio, memory,
# status, rounds. The colours follow the reader's choice of light or dark; the
# chart has a background of its own, so that it is readable where they do not.

BEGIN {
	FS = "\t"
	LEFT = 284; WIDTH = 760; BAR_MAX = 330; TOP = 84; STEP = 32; BAR = 18
}

function escape(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	gsub(/"/, "\\&quot;", text)
	return text
}

# 100000 as 100,000.
function thousands(text,    head, tail) {
	tail = text
	head = ""
	while (match(tail, /[0-9][0-9][0-9][0-9]+/)) {
		head = head substr(tail, 1, RSTART - 1) group(substr(tail, RSTART, RLENGTH))
		tail = substr(tail, RSTART + RLENGTH)
	}
	return head tail
}

function group(digits,    out) {
	for (out = ""; length(digits) > 3; digits = substr(digits, 1, length(digits) - 3))
		out = "," substr(digits, length(digits) - 2) out
	return digits out
}

function amount(ms) {
	if (ms < 10)
		return sprintf("%.1f ms", ms)
	return thousands(sprintf("%.0f", ms)) " ms"
}

function text(class, x, y, content) {
	printf "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, x, y, escape(content) >out
}

# bare is a yardstick for those who work on whoport, and --scan=bpf is for them, too.
$1 == load && $2 == question && $3 !~ /^bare|--scan=bpf/ {
	for (at = ++n; at > 1 && ms[at - 1] > $4 + 0; at--) {
		ms[at] = ms[at - 1]
		label[at] = label[at - 1]
	}
	ms[at] = $4 + 0
	label[at] = $3
	rounds = $10
	if (!own && $3 ~ /^whoport/)
		own = $4 + 0
}

function style() {
	print "<style>" >out
	print "text { font-family: system-ui, -apple-system, 'Segoe UI', Helvetica, Arial," \
		" sans-serif; fill: #1f2328 }" >out
	print ".card { fill: #ffffff; stroke: #d0d7de }" >out
	print ".title { font-size: 18px; font-weight: 600 }" >out
	print ".about { font-size: 13px; fill: #59636e }" >out
	print ".small { font-size: 11px; fill: #59636e }" >out
	print ".name { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas," \
		" 'DejaVu Sans Mono', monospace; font-size: 12px }" >out
	print ".time { font-size: 13px }" >out
	print ".own { font-weight: 600 }" >out
	print ".bar { fill: #afb8c1 }" >out
	print ".bar.own { fill: #0969da }" >out
	print "@media (prefers-color-scheme: dark) {" >out
	print "text { fill: #e6edf3 }" >out
	print ".card { fill: #0d1117; stroke: #3d444d }" >out
	print ".about, .small { fill: #9198a1 }" >out
	print ".bar { fill: #656c76 }" >out
	print ".bar.own { fill: #4493f8 }" >out
	print "}" >out
	print "</style>" >out
}

function row(i, y,    own_class, width, note) {
	own_class = label[i] ~ /^whoport/ ? " own" : ""
	width = BAR_MAX * ms[i] / ms[n]
	if (width < 2)
		width = 2
	text("name" own_class, 24, y + 13, label[i])
	printf "<rect class=\"bar%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"3\"/>\n",
		own_class, LEFT, y, width, BAR >out
	note = amount(ms[i])
	if (own && ms[i] >= 1.05 * own)
		note = note sprintf(" (%.*f\303\227)", ms[i] < 10 * own, ms[i] / own)
	text("time" own_class, LEFT + width + 8, y + 14, note)
}

END {
	if (!n)
		exit 1
	among = thousands(among)
	height = TOP + n * STEP + 66
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"" \
		" viewBox=\"0 0 %d %d\" role=\"img\">\n", WIDTH, height, WIDTH, height >out
	printf "<title>%s</title>\n<desc>", escape(title " " among) >out
	for (i = 1; i <= n; i++)
		printf "%s%s: %s", (i > 1 ? "; " : ""), escape(label[i]), amount(ms[i]) >out
	print "</desc>" >out
	style()
	printf "<rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
		WIDTH - 1, height - 1 >out
	text("title", 24, 36, title)
	text("about", 24, 58, "Among " among ". Shorter is better.")
	for (i = 1; i <= n; i++)
		row(i, TOP + (i - 1) * STEP)
	text("small", 24, height - 42, "Median of " rounds " runs as " user ", in turns. " machine)
	text("small", 24, height - 24, versions)
	print "</svg>" >out
	close(out)
}
