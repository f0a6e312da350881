using System.Net.Http.Json;
using System.Text.Json;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Client;

/// <summary>
/// Speaks to one node's administrative port. It is bound to loopback there, so this works on the node's own
/// machine only (or through a tunnel to it).
/// </summary>
internal sealed class AdminClient(Uri node, TimeSpan timeout) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _http = new() { Timeout = timeout };

    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
        => SendAsync<T>(new(HttpMethod.Get, AddressOf(path)), cancellationToken);

    public Task<T> PutAsync<T>(string path, object body, CancellationToken cancellationToken)
        => SendAsync<T>(new(HttpMethod.Put,
            AddressOf(path))
        { Content = JsonContent.Create(body, options: Json) }, cancellationToken);

    public Task<T> PostAsync<T>(string path, object body, CancellationToken cancellationToken)
        => SendAsync<T>(new(HttpMethod.Post,
            AddressOf(path))
        { Content = JsonContent.Create(body, options: Json) }, cancellationToken);

    public void Dispose() => _http.Dispose();

    private Uri AddressOf(string path) => new(node, $"admin/v1/{path}");

    private async Task<T> SendAsync<T>(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            try
            {
                using var response = await _http.SendAsync(request, cancellationToken);
                var text = await response.Content.ReadAsStringAsync(cancellationToken);
                return response.IsSuccessStatusCode
                    ? JsonSerializer.Deserialize<T>(text, Json) ?? throw new JsonException("it is empty")
                    : throw new RefusedException(
                        response.StatusCode, ReasonIn(text) ?? response.ReasonPhrase ?? "no reason given");
            }
            catch (HttpRequestException exception)
            {
                throw new CliException(
                    $"nothing answers at {node} ({exception.InnerException?.Message ?? exception.Message})",
                    "run this on the node's own machine, and name its admin.listen with --admin or "
                    + "LEDGER_ADMIN");
            }
            catch (JsonException exception)
            {
                throw new CliException(
                    $"the answer of {request.RequestUri} is not understood ({exception.Message})",
                    "check that the URL is a node's administrative one, of the same version as this tool");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new CliException(
                    $"no answer from {node} within {_http.Timeout.TotalSeconds:0} s",
                    "the process may stand still: look with 'ledger doctor', or allow more with --timeout",
                    ExitCode.TimedOut);
            }
        }
    }

    private static string? ReasonIn(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<ProblemReply>(text, Json)?.Detail;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
