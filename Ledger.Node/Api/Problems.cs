using Ledger.Node.Mempool;
using Ledger.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Ledger.Node.Api;

/// <summary>Errors as RFC 9457 problem details, with a code that programs can rely on.</summary>
internal static class Problems
{
    public static IResult Of(int status, string code, string detail) => Results.Problem(
        detail, statusCode: status, extensions: new Dictionary<string, object?> { ["code"] = code });

    public static IResult NotFound(string what) => Of(StatusCodes.Status404NotFound, "not_found", what);

    /// <summary>
    /// It was here, or at least was final before this node began, and this node does not keep it.
    /// </summary>
    public static IResult Pruned(string what) => Of(StatusCodes.Status410Gone, "pruned", what);

    public static IResult BadRequest(string detail)
        => Of(StatusCodes.Status400BadRequest, "malformed", detail);

    public static IResult EmptyRange(ulong from, ulong to)
        => BadRequest($"to: {from} or above, as 'from' is, not {to}");

    /// <summary>Others ask for so much at present that there is no room for this.</summary>
    public static IResult Busy(HttpContext http)
    {
        http.Response.Headers.RetryAfter = "1";
        return Of(
            StatusCodes.Status429TooManyRequests, "busy",
            "this node has as many large requests as it takes at once; ask another, or ask again later");
    }

    /// <summary>
    /// Which of two values of one parameter is meant, nobody but the client knows; it may be a cache or a
    /// proxy before us that reads the other one.
    /// </summary>
    /// <returns>Null when each parameter of the query stands once.</returns>
    public static IResult? DoubleParameter(HttpRequest request)
        => request.Query.FirstOrDefault(parameter => parameter.Value.Count > 1) is { Key: { } name } twice
            ? BadRequest($"{name}: once, and not {twice.Value.Count} times")
            : null;

    /// <summary>For what a request ran into instead of an answer.</summary>
    public static int StatusOf(Exception exception) => exception switch
    {
        BadHttpRequestException bad => bad.StatusCode,
        DamagedDataException => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>
    /// Gives a problem that we did not word ourselves its code and, where we know more, its words.
    /// </summary>
    public static void Complete(ProblemDetails problem, Exception? exception)
    {
        if (exception is DamagedDataException)
        {
            problem.Detail = "this node's ledger is damaged and the node stops; ask another node";
            problem.Extensions["code"] = "damaged";
        }

        problem.Extensions.TryAdd("code", CodeOf(problem.Status));
    }

    /// <summary>
    /// For what the framework refuses by itself: a parameter, a path, a method, a media type.
    /// </summary>
    public static string CodeOf(int? status) => status switch
    {
        StatusCodes.Status404NotFound => "not_found",
        StatusCodes.Status405MethodNotAllowed => "method_not_allowed",
        StatusCodes.Status413PayloadTooLarge => "too_large",
        StatusCodes.Status415UnsupportedMediaType => "media_type",
        >= 400 and < 500 => "malformed",
        _ => "internal",
    };

    public static int StatusOf(Refusal refusal) => refusal switch
    {
        Refusal.TooLarge => StatusCodes.Status413PayloadTooLarge,
        Refusal.BadSignature => StatusCodes.Status401Unauthorized,
        Refusal.NotPermitted => StatusCodes.Status403Forbidden,
        Refusal.Duplicate or Refusal.AlreadyFinal => StatusCodes.Status409Conflict,
        Refusal.MempoolFull or Refusal.SenderShareFull => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status400BadRequest,
    };
}
