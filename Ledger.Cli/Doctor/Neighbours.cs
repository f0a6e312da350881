using System.Globalization;

namespace Ledger.Cli.Doctor;

/// <summary>
/// Where the validators that were not named might be asked. Nodes know each other's peer ports alone; the
/// HTTP port is as far from it as at the node that was asked, in a devnet and on machines of their own alike.
/// A guess, and treated as one.
/// </summary>
internal static class Neighbours
{
    /// <summary>
    /// Gives silent nodes the names of the validators that must be there: by address, or as the only one
    /// left.
    /// </summary>
    public static IReadOnlyList<Visit> Recognise(IReadOnlyList<Visit> visits)
    {
        var guesses = Of(visits);
        Visit[] named =
        [
            .. visits.Select(visit => visit is { Status: null, Expected: null }
                ? visit with { Expected =
                    guesses.FirstOrDefault(guess => guess.Url.Authority == visit.Url.Authority)?.Expected }
                : visit),
        ];
        HashSet<string> known = [.. named.Select(visit => visit.Name)];
        string[] left =
        [
            .. named.SelectMany(visit => visit.Status?.PeerList ?? []).Select(peer => peer.Name)
                .Where(name => !known.Contains(name)).Distinct(),
        ];
        var nameless = named.Count(visit => visit is { Status: null, Expected: null });
        return left.Length == 1 && nameless == 1
            ? [.. named.Select(visit =>
                visit is { Status: null, Expected: null } ? visit with { Expected = left[0] } : visit)]
            : named;
    }

    public static IReadOnlyList<Address> Of(IReadOnlyList<Visit> visits)
    {
        SortedDictionary<string, Uri> found = new(StringComparer.Ordinal);
        HashSet<string> known = [.. visits.Select(visit => visit.Name)];
        foreach (var visit in visits.Where(visit => visit.Vitals is not null))
        {
            foreach (var peer in visit.Status!.PeerList.Where(peer => !known.Contains(peer.Name)))
            {
                if (peer.Endpoint is { } endpoint && Guess(visit, endpoint) is { } url)
                {
                    found.TryAdd(peer.Name, url);
                }
            }
        }

        return [.. found.Select(pair => new Address(pair.Value, pair.Key, IsGuess: true))];
    }

    private static Uri? Guess(Visit visit, string endpoint)
    {
        var colon = endpoint.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(
            endpoint.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var peerPort))
        {
            return null;
        }

        var port = visit.Url.Port + peerPort - visit.Vitals!.PeerPort;
        return port is > 0 and <= 65535
            && Uri.TryCreate(
                $"{visit.Url.Scheme}://{endpoint[..colon]}:{port}/", UriKind.Absolute, out var url)
                ? url
                : null;
    }
}
