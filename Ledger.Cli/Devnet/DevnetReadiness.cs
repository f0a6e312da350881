using System.Net.Http.Json;
using System.Text.Json;
using Ledger.Node.Api;

namespace Ledger.Cli.Devnet;

internal enum Readiness
{
    NotYet,
    Ready,

    /// <summary>It was removed from the validators: it is never ready again, and need not be.</summary>
    HasNoSeat,
}

/// <summary>Asks a devnet's validators whether there is anything left to wait for.</summary>
internal sealed class DevnetReadiness(HttpClient http)
{
    private Uri? _ready;

    /// <summary>
    /// One that was removed may not have heard of it: a validator that is ready knows who has a seat.
    /// </summary>
    public async Task<Readiness> OfAsync(Uri node, string name, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(node, "readyz"), cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                _ready = node;
                return Readiness.Ready;
            }

            if (_ready is { } ready)
            {
                var seated = await http.GetFromJsonAsync<ValidatorReply[]>(
                    new Uri(ready, "v1/validators"), cancellationToken);
                return seated!.Any(one => one.Name == name) ? Readiness.NotYet : Readiness.HasNoSeat;
            }

            var status = await http.GetFromJsonAsync<StatusReply>(
                new Uri(node, "v1/status"), cancellationToken);
            return status is { State: "removed" } ? Readiness.HasNoSeat : Readiness.NotYet;
        }
        catch (Exception exception)
            when (exception is HttpRequestException or TaskCanceledException or JsonException
            && !cancellationToken.IsCancellationRequested)
        {
            return Readiness.NotYet;
        }
    }
}
