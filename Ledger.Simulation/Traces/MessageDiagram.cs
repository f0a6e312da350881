using System.Globalization;
using System.Text;

namespace Ledger.Simulation;

/// <summary>
/// Events as a picture: a lane for each host, time downwards, an arrow for each message that arrived, and
/// words to the right.
/// </summary>
public static class MessageDiagram
{
    private const int LaneWidth = 5;

    public static IEnumerable<string> Draw(IEnumerable<TraceEvent> events, int hosts)
    {
        var names = Enumerable.Range(0, hosts).Select(i => $"R{i}".PadRight(LaneWidth));
        yield return $"{"ms",12}  " + string.Concat(names);
        foreach (var happened in events)
        {
            yield return Draw(happened, hosts);
        }
    }

    private static string Draw(TraceEvent happened, int hosts)
    {
        var lanes = new StringBuilder(new string(' ', hosts * LaneWidth));
        for (var i = 0; i < hosts; i++)
        {
            lanes[i * LaneWidth] = '|';
        }

        if (happened.Peer >= 0)
        {
            var (from, to) = (happened.Peer * LaneWidth, happened.Node * LaneWidth);
            for (var i = Math.Min(from, to) + 1; i < Math.Max(from, to); i++)
            {
                lanes[i] = '-';
            }

            lanes[from] = 'o';
            lanes[to] = from < to ? '>' : '<';
        }
        else if (happened.Node >= 0 && happened.Node < hosts)
        {
            lanes[happened.Node * LaneWidth] = happened.Kind switch
            {
                TraceKind.Final => '#',
                TraceKind.Dies => 'X',
                TraceKind.Starts => '+',
                _ => '*',
            };
        }

        var at = happened.At.TotalMilliseconds.ToString("0.000", CultureInfo.InvariantCulture);
        var words = happened.Kind switch
        {
            TraceKind.Arrives or TraceKind.Client or TraceKind.Notice => happened.Text,
            _ => $"{happened.Kind.ToString().ToLowerInvariant()}: {happened.Text}",
        };
        return $"{at,12}  {lanes}{words}";
    }
}
